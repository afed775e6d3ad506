using System.Text;
using SQLitePCL;

namespace OrleansJobGrid.Storage.Sqlite.Engine;

/// <summary>A prepared statement. Parameters count from 1, columns from 0, as in SQLite.</summary>
internal sealed class SqliteStatement(SqliteConnection connection, sqlite3_stmt statement) : IDisposable
{
    public SqliteStatement Bind(int parameter, long value)
    {
        connection.Check(raw.sqlite3_bind_int64(statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, string value)
    {
        // An empty span would bind NULL.
        if (value.Length == 0)
        {
            connection.Check(raw.sqlite3_bind_text(statement, parameter, ""));
            return this;
        }
        Span<byte> small = stackalloc byte[768];
        var bytes = value.Length <= small.Length / 3 ? small[..Encoding.UTF8.GetBytes(value, small)] : Encoding.UTF8.GetBytes(value);
        connection.Check(raw.sqlite3_bind_text(statement, parameter, bytes));
        return this;
    }

    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        connection.Check(value.IsEmpty
            ? raw.sqlite3_bind_zeroblob(statement, parameter, 0)
            : raw.sqlite3_bind_blob(statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        return Bind(parameter, bytes);
    }

    /// <summary>Goes to the next row; false after the last one, when the statement is ready to be bound anew.</summary>
    public bool Next()
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW)
            return true;
        raw.sqlite3_reset(statement);
        if (code != raw.SQLITE_DONE)
            connection.Check(code);
        return false;
    }

    /// <summary>Runs a statement that has no rows, or whose rows nobody wants.</summary>
    public void Run()
    {
        while (Next()) { }
    }

    /// <summary>Runs a statement that changes rows; how many.</summary>
    public int Changes()
    {
        Run();
        return connection.Changes;
    }

    /// <summary>Reads all rows; the statement does not stay open, also if <paramref name="row"/> throws.</summary>
    public List<T> All<T>(Func<SqliteStatement, T> row)
    {
        var rows = new List<T>();
        try
        {
            while (Next())
                rows.Add(row(this));
        }
        finally
        {
            Reset();
        }
        return rows;
    }

    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(statement, column);

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    public Guid Guid(int column) => new(Bytes(column));

    /// <summary>Ends the reading of rows.</summary>
    public void Reset() => raw.sqlite3_reset(statement);

    public void Dispose() => statement.Dispose();
}

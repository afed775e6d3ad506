using SQLitePCL;

namespace OrleansJobGrid.Storage.Sqlite.Engine;

/// <summary>
/// One connection, for one thread at a time. It speaks to SQLite's C interface: through ADO.NET the same statements cost about
/// twice the time, and they are what a batch's time is made of.
/// </summary>
internal sealed class SqliteConnection : IDisposable
{
    // Not in SQLitePCLRaw's list; from sqlite3.h.
    private const int DbConfigNoCheckpointOnClose = 1006;
    private const int DbStatusCacheWrite = 9;

    private readonly sqlite3 _db;
    private readonly Dictionary<string, SqliteStatement> _statements = [];

    static SqliteConnection() => Batteries_V2.Init();

    private SqliteConnection(sqlite3 db, string path)
    {
        _db = db;
        Path = path;
    }

    public string Path { get; }

    /// <summary>Rows that the last statement changed.</summary>
    public int Changes => raw.sqlite3_changes(_db);

    public long LastRowId => raw.sqlite3_last_insert_rowid(_db);

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_db) == 0;

    /// <summary>Opens a file. Its log is not folded in when the connection closes: who wants that asks for it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="create">Whether a file that is not there is made.</param>
    public static SqliteConnection Open(string path, bool create = false)
    {
        var flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX | (create ? raw.SQLITE_OPEN_CREATE : 0);
        var code = raw.sqlite3_open_v2(path, out var db, flags, null);
        var connection = new SqliteConnection(db, path);
        try
        {
            connection.Check(code);
            connection.Check(raw.sqlite3_extended_result_codes(db, 1));
            connection.Check(raw.sqlite3_busy_timeout(db, 5_000));
            connection.Check(raw.sqlite3_db_config(db, DbConfigNoCheckpointOnClose, 1, out _));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Lets the last connection to close take the log's file away with it.</summary>
    public void RemoveLogOnClose() => Check(raw.sqlite3_db_config(_db, DbConfigNoCheckpointOnClose, 0, out _));

    /// <summary>Throws what a result code means.</summary>
    public void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
            throw SqliteFault.Of(code, raw.sqlite3_errmsg(_db).utf8_to_string(), Path);
    }

    /// <summary>Runs statements that take no parameters.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_db, sql));

    /// <summary>The statement for a text, prepared at the first asking and kept.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var kept))
            return kept;
        Check(raw.sqlite3_prepare_v3(_db, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement));
        return _statements[sql] = new SqliteStatement(this, statement);
    }

    /// <summary>The first column of each row.</summary>
    public List<string> Texts(string sql) => Prepare(sql).All(row => row.Text(0));

    /// <summary>Pages written since this was last asked.</summary>
    public int TakePagesWritten()
    {
        Check(raw.sqlite3_db_status(_db, DbStatusCacheWrite, out var pages, out _, 1));
        return pages;
    }

    /// <summary>
    /// Folds the log into the file; <see cref="raw.SQLITE_CHECKPOINT_PASSIVE"/> does what it can beside the others, which is never busy.
    /// </summary>
    /// <returns>Pages in the log, and how many of them are in the file now.</returns>
    public (int Log, int Folded) Checkpoint(int mode)
    {
        Check(raw.sqlite3_wal_checkpoint_v2(_db, "main", mode, out var log, out var folded));
        return (log, folded);
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _db.Dispose();
    }
}

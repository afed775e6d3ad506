using System.Buffers.Binary;
using OrleansJobGrid.Storage.Sqlite.Engine;
using SQLitePCL;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>Makes the store's file, and looks at one that is there before anything is written to it.</summary>
internal static class StoreFile
{
    /// <summary>"JGrd", at offset 68 of the file (https://www.sqlite.org/fileformat.html, 1.3).</summary>
    private const int ApplicationId = 0x4a477264;

    private const int Version = 1;

    /// <summary>Makes the file if it is not there, else checks it.</summary>
    /// <returns>What became of the whole-file check, for the description.</returns>
    /// <exception cref="StoreDamagedException">Not a store, of a newer version, or damaged; the file was left as it is.</exception>
    public static string Prepare(string path, SqliteStoreOptions options, long clock)
    {
        if (!File.Exists(path))
        {
            Create(path, clock);
            return "made anew";
        }
        CheckHeader(path);
        using var connection = SqliteConnection.Open(path);
        // A newer version's last change may still lie in the log, where the header does not show it.
        CheckVersion(path, int.Parse(connection.Texts("PRAGMA user_version")[0]));
        var checkedAs = Check(connection, options);
        // Last: a file that is refused is left as it is.
        connection.Execute(Text("Additions.sql"));
        return checkedAs;
    }

    /// <summary>Sets what a connection of the store needs.</summary>
    public static SqliteConnection Open(string path, int cacheKilobytes)
    {
        var connection = SqliteConnection.Open(path);
        connection.Execute($"PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-{cacheKilobytes}; PRAGMA temp_store=MEMORY");
        return connection;
    }

    private static string Check(SqliteConnection connection, SqliteStoreOptions options)
    {
        var length = new FileInfo(connection.Path).Length;
        if (length > options.QuickCheckBytes)
            return $"skipped: {length} bytes are more than QuickCheckBytes ({options.QuickCheckBytes})";
        var findings = connection.Texts("PRAGMA quick_check(5)");
        return findings is ["ok"]
            ? "ok"
            : throw new StoreDamagedException(
                $"{connection.Path} is damaged ({string.Join("; ", findings)}). It was left as it is; put a backup in its place.");
    }

    // Made under another name and renamed, so that no crash leaves half a store.
    private static void Create(string path, long clock)
    {
        var draft = path + ".new";
        string[] leftovers = [draft, draft + "-wal", draft + "-shm", draft + "-journal"];
        Array.ForEach(leftovers, File.Delete);
        using (var connection = SqliteConnection.Open(draft, create: true))
        {
            connection.Execute(
                $"BEGIN; PRAGMA application_id={ApplicationId}; PRAGMA user_version={Version}; {Text("Schema.sql")}; {Text("Additions.sql")}");
            connection.Prepare("INSERT INTO meta VALUES (1, ?, ?, 1)").Bind(1, Guid.NewGuid().ToString("N")).Bind(2, clock).Run();
            connection.Execute("COMMIT; PRAGMA journal_mode=WAL");
            connection.Checkpoint(raw.SQLITE_CHECKPOINT_TRUNCATE);
        }
        File.Move(draft, path);
        Array.ForEach(leftovers, File.Delete);
    }

    private static string Text(string resource)
    {
        using var reader = new StreamReader(typeof(StoreFile).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    private static void CheckHeader(string path)
    {
        Span<byte> header = stackalloc byte[100];
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length || !header.StartsWith("SQLite format 3\0"u8))
                throw new StoreDamagedException($"{path} is not a database. It was left as it is; put a backup in its place or name another folder.");
        if (BinaryPrimitives.ReadInt32BigEndian(header[68..]) != ApplicationId)
            throw new StoreDamagedException($"{path} is a database of another program. It was left as it is; name another folder.");
        CheckVersion(path, BinaryPrimitives.ReadInt32BigEndian(header[60..]));
    }

    private static void CheckVersion(string path, int version)
    {
        if (version > Version)
            throw new StoreDamagedException(
                $"{path} was written by a newer version (schema {version}; this one knows {Version}). It was left as it is; use that version.");
    }
}

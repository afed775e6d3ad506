using SQLitePCL;

namespace OrleansJobGrid.Storage.Sqlite.Engine;

/// <summary>Says SQLite's result codes (https://www.sqlite.org/rescode.html) in the store's words.</summary>
internal static class SqliteFault
{
    /// <summary>The exception for a result code.</summary>
    /// <param name="code">The (extended) result code.</param>
    /// <param name="message">SQLite's own words.</param>
    /// <param name="path">The file.</param>
    public static JobStoreException Of(int code, string message, string path) => (code & 0xff) switch
    {
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB =>
            new StoreDamagedException($"{path} is damaged or no store ({message}). It was left as it is; put a backup in its place."),
        raw.SQLITE_FULL =>
            new JobStoreException($"The disk that holds {path} is full; nothing was written. Free some space there."),
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_CANTOPEN or raw.SQLITE_AUTH =>
            new JobStoreException($"{path} cannot be written ({message}). Look at the rights of the file and its folder."),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            new StoreUnavailableException($"Another program holds {path} locked ({message})."),
        raw.SQLITE_IOERR =>
            new StoreUnavailableException($"Reading or writing {path} failed ({message}, code {code})."),
        _ => new JobStoreException($"SQLite could not do what was asked of {path}: {message} (code {code})."),
    };
}

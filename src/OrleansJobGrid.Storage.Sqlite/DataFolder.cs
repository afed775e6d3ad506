using System.Globalization;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>
/// Holds a data folder for this process: a file locked exclusively (flock on Linux and macOS), which the system lets go when the
/// process ends, however it ends. The pid stands in a file beside it, since a locked file cannot be read everywhere.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _pidFile;

    private DataFolder(string path, FileStream held, string pidFile)
    {
        Path = path;
        _lock = held;
        _pidFile = pidFile;
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The store's file.</summary>
    public string Database => System.IO.Path.Combine(Path, "jobgrid.db");

    /// <exception cref="StoreInUseException">Another process, or this one, holds the folder.</exception>
    public static DataFolder Hold(string folder)
    {
        var path = System.IO.Path.GetFullPath(folder);
        var pidFile = System.IO.Path.Combine(path, "jobgrid.pid");
        FileStream held;
        try
        {
            Directory.CreateDirectory(path);
            held = new FileStream(System.IO.Path.Combine(path, "jobgrid.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            throw new StoreInUseException(
                $"The data folder {path} is held by {Holder(pidFile)}. Stop that process, or give this one a folder of its own (--data).", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JobStoreException($"The data folder {path} cannot be used: {e.Message}", e);
        }
        File.WriteAllText(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new DataFolder(path, held, pidFile);
    }

    public void Dispose()
    {
        File.Delete(_pidFile);
        _lock.Dispose();
    }

    private static string Holder(string pidFile)
    {
        try
        {
            return $"process {File.ReadAllText(pidFile).Trim()}";
        }
        catch (IOException)
        {
            return "a process that has not written its pid yet";
        }
    }

    // EWOULDBLOCK on Linux, on macOS, and ERROR_SHARING_VIOLATION on Windows.
    private static bool IsSharingViolation(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);
}

using OrleansJobGrid.Connectors.Native;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>
/// A worker process's own folder below the shared one. A lock on a file of it, which the kernel ends with the process, says that the worker
/// lives; the file names the process too, for file systems that do not lock.
/// </summary>
internal sealed class WorkerFolder : IDisposable
{
    private const string Prefix = "worker-";
    private const string Unfinished = ".new-";
    private const string LockFile = "lock";
    internal const string RecordFile = "record";
    private readonly FileStream _lock;
    private int _runs;

    private WorkerFolder(string path, FileStream held) => (Path, _lock) = (path, held);

    internal string Path { get; }

    internal static WorkerFolder Create(string shared)
    {
        var name = $"{Environment.ProcessId}-{Guid.NewGuid():N}";
        // Made under another name and renamed when it is locked, so that no sweep meets it without its lock.
        var unfinished = System.IO.Path.Combine(shared, Unfinished + name);
        Directory.CreateDirectory(unfinished);
        AllowOwnerOnly(unfinished);
        var held = new FileStream(System.IO.Path.Combine(unfinished, LockFile), FileMode.CreateNew, FileAccess.Write, FileShare.None);
        using (var writer = new StreamWriter(held, leaveOpen: true))
            writer.Write($"{Environment.ProcessId} {ProcessTable.Find(Environment.ProcessId)!.Value.StartTicks} {RunRecord.Here()}");
        var path = System.IO.Path.Combine(shared, Prefix + name);
        Directory.Move(unfinished, path);
        return new WorkerFolder(path, held);
    }

    /// <summary>A new folder for a run, with an empty <c>work</c> in it.</summary>
    internal string NewRun(long epoch)
    {
        var run = System.IO.Path.Combine(Path, $"run-{Interlocked.Increment(ref _runs)}-{epoch}");
        Directory.CreateDirectory(System.IO.Path.Combine(run, "work"));
        return run;
    }

    /// <summary>Ends the processes of dead workers and removes their folders. Those of living workers stay.</summary>
    /// <returns>How many runs were left behind.</returns>
    internal static async Task<int> SweepAsync(string shared, TimeProvider time, CancellationToken cancellationToken)
    {
        var swept = 0;
        foreach (var folder in Directory.EnumerateDirectories(shared, Prefix + "*"))
        {
            using var held = TryTakeOver(folder);
            if (held is null)
                continue;
            foreach (var record in Directory.EnumerateFiles(folder, RecordFile, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }))
            {
                await RunRecord.KillAsync(record, time, cancellationToken);
                swept++;
            }
            Remove(folder);
        }
        return swept;
    }

    /// <summary>The lock of a dead worker's folder; null where the worker lives, or another one is sweeping it.</summary>
    private static FileStream? TryTakeOver(string folder)
    {
        FileStream held;
        try
        {
            held = new FileStream(System.IO.Path.Combine(folder, LockFile), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null; // Locked, or removed by another sweep just now.
        }
        using var reader = new StreamReader(held, leaveOpen: true);
        var owner = reader.ReadToEnd().Split(' ', 3);
        var lives = owner is [var pid, var start, var where] && where == RunRecord.Here()
            && int.TryParse(pid, out var id) && ulong.TryParse(start, out var ticks) && ProcessTable.IsAlive(id, ticks);
        if (!lives)
            return held;
        held.Dispose();
        return null;
    }

    /// <summary>Removes a folder whatever permissions a child gave to what it made.</summary>
    internal static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (UnauthorizedAccessException)
        {
            Open(folder);
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone already.
        }
    }

    private static void Open(string folder)
    {
        AllowOwnerOnly(folder);
        foreach (var inner in new DirectoryInfo(folder).EnumerateDirectories())
        {
            if (inner.LinkTarget is null)
                Open(inner.FullName);
        }
    }

    private static void AllowOwnerOnly(string folder)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose()
    {
        _lock.Dispose();
        Remove(Path);
    }
}

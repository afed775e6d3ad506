using System.Diagnostics;

namespace OrleansJobGrid.Chaos.Disks;

/// <summary>A file system of its own in memory, that can be filled to the last page. Mounting it takes root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Megabytes = 128;

    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Filler => Path.Combine(Folder, "filler");

    /// <summary>Why there can be none here; null: there can.</summary>
    public static string? Obstacle => Tried.Value;

    private static Lazy<string?> Tried { get; } = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-disk-").FullName;
        try
        {
            Mount(folder);
            Run("umount", folder);
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return $"the nemesis disk mounts a file system, which takes root on Linux: {e.Message}";
        }
        finally
        {
            Directory.Delete(folder);
        }
    });

    public static SmallDisk MountAt(string folder)
    {
        Directory.CreateDirectory(folder);
        Mount(folder);
        return new(folder);
    }

    /// <summary>Leaves no page free.</summary>
    public void Fill()
    {
        var bytes = new byte[4096];
        try
        {
            using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            while (true)
                file.Write(bytes);
        }
        catch (IOException)
        {
            // It is full, as it should be.
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Free() => File.Delete(Filler);

    public void Dispose()
    {
        // Lazily: a process that was killed a moment ago may still hold a file of it.
        Run("umount", "-l", Folder);
        Directory.Delete(Folder);
    }

    private static void Mount(string folder) => Run("mount", "-t", "tmpfs", "-o", $"size={Megabytes}m", "tmpfs", folder);

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {said.Trim()}");
    }
}

using System.Diagnostics;

namespace OrleansJobGrid.Chaos.Disks;

/// <summary>A file system of its own in memory, that can be filled to the last page. Mounting it takes root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int Megabytes = 128;

    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Filler => Path.Combine(Folder, "filler");

    /// <summary>Why there can be none here; null: there can.</summary>
    public static string? Obstacle => !OperatingSystem.IsLinux() || Environment.UserName != "root" ? "the nemesis disk mounts a file system, which takes root on Linux" : null;

    public static async Task<SmallDisk> MountAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await RunAsync("mount", ["-t", "tmpfs", "-o", $"size={Megabytes}m", "tmpfs", folder], cancellationToken);
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

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", ["-l", Folder], CancellationToken.None);
        Directory.Delete(Folder);
    }

    private static async Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {said}");
    }
}

using System.Buffers.Binary;
using System.Diagnostics;

namespace OrleansJobGrid.Chaos.Clocks;

/// <summary>The wall clock of one process, stepped while it runs. The process is unchanged; a library preloaded into it answers for the kernel.</summary>
internal sealed class SteppedClock
{
    private readonly string _library;
    private readonly string _file;

    private SteppedClock(string library, string file)
    {
        (_library, _file) = (library, file);
        Step(TimeSpan.Zero);
    }

    /// <summary>What the process is started with.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["LD_PRELOAD"] = _library, ["CHAOS_CLOCK"] = _file };

    /// <summary>Whether clocks can be stepped here; else why not.</summary>
    public static string? Obstacle => !OperatingSystem.IsLinux() ? "clocks are stepped on Linux only"
        : FindCompiler() is null ? "the nemesis clock needs a C compiler, cc, on the PATH"
        : null;

    /// <summary>Clocks of a run, by the names of their processes; the library is compiled once.</summary>
    public static async Task<Func<string, SteppedClock>> PrepareAsync(string folder, CancellationToken cancellationToken)
    {
        var library = Path.Combine(folder, "stepped_clock.so");
        var source = Path.Combine(AppContext.BaseDirectory, "Clocks", "stepped_clock.c");
        using var compiler = Process.Start(new ProcessStartInfo(
            FindCompiler() ?? throw new InvalidOperationException(Obstacle), ["-shared", "-fPIC", "-O2", "-o", library, source])
        { RedirectStandardError = true })!;
        var said = await compiler.StandardError.ReadToEndAsync(cancellationToken);
        await compiler.WaitForExitAsync(cancellationToken);
        return compiler.ExitCode == 0
            ? name => new SteppedClock(library, Path.Combine(folder, $"{name}.clock"))
            : throw new InvalidOperationException($"{source} was not compiled: {said}");
    }

    /// <summary>From now on the process's wall clock is off by so much.</summary>
    public void Step(TimeSpan off)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)off.TotalMilliseconds);
        // In place: the process has the file mapped.
        using var file = new FileStream(_file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(bytes);
    }

    private static string? FindCompiler() =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(f => Path.Combine(f, "cc")).FirstOrDefault(File.Exists);
}

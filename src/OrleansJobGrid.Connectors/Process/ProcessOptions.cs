namespace OrleansJobGrid.Connectors.Processes;

/// <summary>What the service <c>process</c> may run on this worker, and how (<c>JobGrid:Process</c>).</summary>
public sealed class ProcessOptions
{
    /// <summary>The allow list: a job names one of these, never a path. Default none, so that every job is refused.</summary>
    public IDictionary<string, ProcessCommand> Commands { get; set; } = new Dictionary<string, ProcessCommand>(StringComparer.Ordinal);

    /// <summary>Where the runs' working folders lie, absolute, on a local disk. Workers of one machine may share it. Required.</summary>
    public string WorkFolder { get; set; } = "";

    /// <summary>
    /// Put into <c>CUDA_VISIBLE_DEVICES</c> on a CPU worker: a device's uuid or index. A GPU worker puts its own there. Default none: the
    /// variable is not set.
    /// </summary>
    public string? Device { get; set; }

    /// <summary>From SIGTERM to SIGKILL when a run is stopped. Default 5 s.</summary>
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the worker may be silent (stopped, hung) before the guard ends its run: no longer than the worker's lease. Default 8 s, at least 1 s.
    /// </summary>
    public TimeSpan GuardSilence { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>More on stdout and stderr together ends the run. Default 64 MiB.</summary>
    public long MaxOutputBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>
    /// How much of the end of stdout, and of stderr, comes into the result, in bytes as JSON. Default 32 KiB, at most 64 KiB: a job's record with
    /// its payload has at most 256 KB.
    /// </summary>
    public int KeptOutputBytes { get; set; } = 32 * 1024;

    /// <summary>
    /// The file and leading arguments that start <see cref="ProcessGuard.RunAsync"/>. Default: this program with the argument <c>guard</c>.
    /// </summary>
    public IReadOnlyList<string> GuardCommand { get; set; } = OwnProgram();

    private static string[] OwnProgram()
    {
        var program = Environment.ProcessPath ?? "";
        // Started as `dotnet jobgrid.dll`, the program is the file that follows.
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, Environment.GetCommandLineArgs()[0], "guard"]
            : [program, "guard"];
    }
}

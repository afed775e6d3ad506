namespace OrleansJobGrid.Connectors.Processes;

/// <summary>A program of the allow list.</summary>
public sealed class ProcessCommand
{
    /// <summary>Its file, absolute. Checked when the worker starts.</summary>
    public string Path { get; set; } = "";

    /// <summary>Arguments that come before the job's own.</summary>
    public IList<string> Args { get; set; } = [];

    /// <summary>Its environment beside PATH, HOME and LANG.</summary>
    public IDictionary<string, string> Env { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Names of variables that a job may set. Default none.</summary>
    public IList<string> AllowedEnv { get; set; } = [];

    /// <summary>A longer run is stopped and fails. Default none: the job's attempt timeout alone.</summary>
    public TimeSpan? MaxRuntime { get; set; }

    /// <summary>
    /// What an exit code means. Where it is silent: 0 completed, 126 and 127 malformed (cannot be run, not found), 137 resource exhaustion
    /// (SIGKILL from outside: the kernel's answer to lack of memory), all others transient.
    /// </summary>
    public IDictionary<int, FailureClass> ExitCodes { get; set; } = new Dictionary<int, FailureClass>();
}

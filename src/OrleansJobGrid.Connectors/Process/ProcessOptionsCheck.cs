namespace OrleansJobGrid.Connectors.Processes;

/// <summary>Checks the settings on this machine, all at once.</summary>
internal static class ProcessOptionsCheck
{
    internal static List<string> Errors(ProcessOptions options)
    {
        var errors = new List<string>();
        if (!OperatingSystem.IsLinux())
            errors.Add("It runs on Linux only, where a guard can hold all descendants of a process.");
        if (!Path.IsPathFullyQualified(options.WorkFolder))
            errors.Add($"JobGrid:Process:WorkFolder '{options.WorkFolder}' is not an absolute path.");
        if (options.StopGrace < TimeSpan.Zero || options.StopGrace > TimeSpan.FromMinutes(10))
            errors.Add($"JobGrid:Process:StopGrace {options.StopGrace} is not within 0 to 10 minutes.");
        if (options.GuardSilence < TimeSpan.FromSeconds(1) || options.GuardSilence > TimeSpan.FromMinutes(10))
            errors.Add($"JobGrid:Process:GuardSilence {options.GuardSilence} is not within 1 second to 10 minutes.");
        if (options.MaxOutputBytes < 1)
            errors.Add("JobGrid:Process:MaxOutputBytes is at least 1.");
        if (options.KeptOutputBytes is < 1024 or > 64 * 1024)
            errors.Add($"JobGrid:Process:KeptOutputBytes {options.KeptOutputBytes} is not within 1024 to 65536.");
        if (options.GuardCommand.Count == 0 || !File.Exists(options.GuardCommand[0]))
            errors.Add("JobGrid:Process:GuardCommand does not begin with the absolute path of a program.");
        foreach (var (name, command) in options.Commands)
        {
            var setting = $"JobGrid:Process:Commands:{name}";
            if (!Path.IsPathFullyQualified(command.Path))
                errors.Add($"{setting}:Path '{command.Path}' is not an absolute path.");
            else if (!File.Exists(command.Path))
                errors.Add($"{setting}:Path '{command.Path}' is not there.");
            else if (OperatingSystem.IsLinux() && (File.GetUnixFileMode(command.Path) & AnyExecute) == 0)
                errors.Add($"{setting}:Path '{command.Path}' is not executable.");
            if (command.MaxRuntime <= TimeSpan.Zero)
                errors.Add($"{setting}:MaxRuntime {command.MaxRuntime} is not positive.");
            errors.AddRange(command.Env.Keys.Concat(command.AllowedEnv)
                .Where(v => v.Length == 0 || v.Contains('=', StringComparison.Ordinal))
                .Select(v => $"{setting}: '{v}' is not a variable's name."));
        }
        return errors;
    }

    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
}

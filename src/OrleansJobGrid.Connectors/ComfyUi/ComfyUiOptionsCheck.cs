using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>Checks the settings, all at once.</summary>
public static class ComfyUiOptionsCheck
{
    private const string Setting = "JobGrid:ComfyUi";

    /// <summary>What is wrong, each naming its setting; empty: nothing.</summary>
    public static IReadOnlyList<string> Errors(ComfyUiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        var check = new OutsideSettingsCheck(errors);
        check.Instances(Setting, options.Instances, options.OnThisMachine);
        errors.AddRange(options.Headers.Keys.Where(i => !options.Instances.ContainsKey(i)).Select(i => $"{Setting}:Headers names '{i}', which is not among its Instances."));
        foreach (var (instance, supervised) in options.Supervise)
            Check($"{Setting}:Supervise:{instance}", instance, supervised, options, errors);
        check.Times(Setting, options.PollInterval, options.RequestTimeout, options.SubmitTimeout, options.AttemptTimeout, options.Outage, options.StallTimeout);
        return errors;
    }

    private static void Check(string setting, string instance, ComfySuperviseOptions supervised, ComfyUiOptions options, List<string> errors)
    {
        if (!OperatingSystem.IsLinux())
            errors.Add($"{setting}: programs are supervised on Linux only.");
        if (!options.Instances.ContainsKey(instance))
            errors.Add($"{setting} names '{instance}', which is not among the Instances.");
        else if (!options.OnThisMachine.Contains(instance))
            errors.Add($"{setting}: a program that the worker starts lives on its machine; name '{instance}' in {Setting}:OnThisMachine.");
        if (!Path.IsPathFullyQualified(supervised.Command) || !File.Exists(supervised.Command))
            errors.Add($"{setting}:Command '{supervised.Command}' is not the absolute path of a program.");
        if (supervised.WorkingFolder is { } folder && !Directory.Exists(folder))
            errors.Add($"{setting}:WorkingFolder: there is no folder '{folder}'.");
        if (supervised.StopGrace < TimeSpan.Zero || supervised.StopGrace > TimeSpan.FromMinutes(5))
            errors.Add($"{setting}:StopGrace {supervised.StopGrace} is not within 0 s to 5 min.");
        if (!Path.IsPathFullyQualified(options.WorkFolder))
            errors.Add($"{Setting}:WorkFolder '{options.WorkFolder}' is not an absolute path.");
    }
}

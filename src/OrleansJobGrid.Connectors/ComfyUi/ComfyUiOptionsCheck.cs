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
        check.Range($"{Setting}:PollInterval", options.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        check.Range($"{Setting}:RequestTimeout", options.RequestTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        check.Range($"{Setting}:SubmitTimeout", options.SubmitTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        check.Range($"{Setting}:AttemptTimeout", options.AttemptTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
        check.Range($"{Setting}:Outage", options.Outage, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        if (options.StallTimeout is { } stall)
            check.Range($"{Setting}:StallTimeout", stall, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
        return errors;
    }
}

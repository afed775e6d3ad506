using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.A1111;

/// <summary>Checks the settings, all at once.</summary>
public static class A1111OptionsCheck
{
    private const string Setting = "JobGrid:A1111";

    /// <summary>What is wrong, each naming its setting; empty: nothing.</summary>
    public static IReadOnlyList<string> Errors(A1111Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        var check = new OutsideSettingsCheck(errors);
        check.Instances(Setting, options.Instances, options.OnThisMachine);
        errors.AddRange(options.Headers.Keys.Where(i => !options.Instances.ContainsKey(i)).Select(i => $"{Setting}:Headers names '{i}', which is not among its Instances."));
        check.Times(Setting, options.PollInterval, options.RequestTimeout, options.SubmitTimeout, options.AttemptTimeout, options.Outage, options.StallTimeout);
        return errors;
    }
}

using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Rest;

/// <summary>Checks the settings, all at once.</summary>
public static class RestOptionsCheck
{
    /// <summary>What is wrong, each naming its setting; empty: nothing.</summary>
    public static IReadOnlyList<string> Errors(RestOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        var check = new OutsideSettingsCheck(errors);
        foreach (var (name, service) in options.Services)
        {
            var setting = $"JobGrid:Rest:Services:{name}";
            if (!OutsideSettingsCheck.IsName(name))
                errors.Add($"{setting}: a service's name is 1 to 64 characters of A-Z a-z 0-9 . _ -");
            if (service.Instances.Count == 0)
                errors.Add($"{setting}:Instances names no instance; give at least one with its address.");
            check.Instances(setting, service.Instances, service.OnThisMachine);
            check.Range($"{setting}:PollInterval", service.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
            check.Range($"{setting}:RequestTimeout", service.RequestTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
            check.Range($"{setting}:SubmitTimeout", service.SubmitTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
            check.Range($"{setting}:AttemptTimeout", service.AttemptTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
            check.Range($"{setting}:Outage", service.Outage, TimeSpan.Zero, TimeSpan.FromMinutes(10));
            if (service.StallTimeout is { } stall)
                check.Range($"{setting}:StallTimeout", stall, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
        }

        return errors;
    }
}

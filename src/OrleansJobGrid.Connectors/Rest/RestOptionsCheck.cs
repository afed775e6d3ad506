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
            check.Times(setting, service.PollInterval, service.RequestTimeout, service.SubmitTimeout, service.AttemptTimeout, service.Outage, service.StallTimeout);
        }

        return errors;
    }
}

using System.Text.RegularExpressions;

namespace OrleansJobGrid.Connectors.Rest;

/// <summary>Checks the settings, all at once.</summary>
public static partial class RestOptionsCheck
{
    /// <summary>What is wrong, each naming its setting; empty: nothing.</summary>
    public static IReadOnlyList<string> Errors(RestOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        foreach (var (name, service) in options.Services)
        {
            var setting = $"JobGrid:Rest:Services:{name}";
            if (!Name().IsMatch(name))
                errors.Add($"{setting}: a service's name is 1 to 64 characters of A-Z a-z 0-9 . _ -");
            if (service.Instances.Count == 0)
                errors.Add($"{setting}:Instances names no instance; give at least one with its address.");
            foreach (var (instance, address) in service.Instances)
            {
                if (!Name().IsMatch(instance))
                    errors.Add($"{setting}:Instances:{instance}: an instance's name is 1 to 64 characters of A-Z a-z 0-9 . _ -");
                if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                    errors.Add($"{setting}:Instances:{instance} '{address}' is not an address such as http://127.0.0.1:9000.");
            }

            errors.AddRange(service.OnThisMachine.Where(i => !service.Instances.ContainsKey(i))
                .Select(i => $"{setting}:OnThisMachine names '{i}', which is not among its Instances."));
            Range($"{setting}:PollInterval", service.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
            Range($"{setting}:RequestTimeout", service.RequestTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
            Range($"{setting}:SubmitTimeout", service.SubmitTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
            Range($"{setting}:AttemptTimeout", service.AttemptTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
            Range($"{setting}:Outage", service.Outage, TimeSpan.Zero, TimeSpan.FromMinutes(10));
            if (service.StallTimeout is { } stall)
                Range($"{setting}:StallTimeout", stall, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
        }

        return errors;

        void Range(string setting, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
                errors.Add($"{setting} {value} is not within {least} to {most}.");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Name();
}

using System.Text.RegularExpressions;

namespace OrleansJobGrid.Connectors.Outside;

/// <summary>Checks what settings of services outside have in common, into one list of errors that each name their setting.</summary>
internal sealed partial class OutsideSettingsCheck(List<string> errors)
{
    public static bool IsName(string name) => NamePattern().IsMatch(name);

    public void Instances(string setting, IDictionary<string, string> instances, IList<string> onThisMachine, string scheme = "http")
    {
        foreach (var (instance, address) in instances)
        {
            if (!IsName(instance))
                errors.Add($"{setting}:Instances:{instance}: an instance's name is 1 to 64 characters of A-Z a-z 0-9 . _ -");
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || (uri.Scheme != scheme && uri.Scheme != $"{scheme}s"))
                errors.Add($"{setting}:Instances:{instance} '{address}' is not an address such as {scheme}://127.0.0.1:9000.");
        }

        errors.AddRange(onThisMachine.Where(i => !instances.ContainsKey(i)).Select(i => $"{setting}:OnThisMachine names '{i}', which is not among its Instances."));
    }

    /// <summary>The times that all such services have.</summary>
    public void Times(string setting, TimeSpan poll, TimeSpan request, TimeSpan submit, TimeSpan attempt, TimeSpan outage, TimeSpan? stall)
    {
        Range($"{setting}:PollInterval", poll, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        Range($"{setting}:RequestTimeout", request, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        Range($"{setting}:SubmitTimeout", submit, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        Range($"{setting}:AttemptTimeout", attempt, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
        Range($"{setting}:Outage", outage, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        if (stall is { } limit)
            Range($"{setting}:StallTimeout", limit, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
    }

    private void Range(string setting, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
            errors.Add($"{setting} {value} is not within {least} to {most}.");
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex NamePattern();
}

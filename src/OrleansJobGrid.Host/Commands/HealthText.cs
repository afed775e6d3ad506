using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary>A grid's health for a person.</summary>
internal static class HealthText
{
    public static void Write(TextWriter output, GridHealth health)
    {
        output.WriteLine(Printable.Of($"grid:       {health.Status} (version {health.Version ?? "unknown"}, roles {string.Join(", ", health.Roles ?? [])})"));
        foreach (var reason in health.Reasons ?? [])
            output.WriteLine(Printable.Of($"reason:     {reason}"));
        if (health.Store is { } store)
            Write(output, store.Kind, store.Where, store.Durability, (store.Findings ?? []).Select(f => (f.Setting, f.Value, f.Warning)));
    }

    public static void Write(
        TextWriter output, string kind, string? where, string? durability, IEnumerable<(string Setting, string? Value, string? Warning)> findings)
    {
        output.WriteLine(Printable.Of($"store:      {kind} at {where}"));
        output.WriteLine(Printable.Of($"durability: {durability}"));
        foreach (var (setting, value, warning) in findings)
            output.WriteLine(Printable.Of($"{(warning is null ? "setting: " : "WARNING: "),-11} {setting} = {value}{(warning is null ? "" : $": {warning}")}"));
    }
}

using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// The requirement of a job as text, equal for jobs that the same workers can do: the service, then where it is not to be tried, one
/// a line.
/// </summary>
public readonly record struct Signature(string Text)
{
    private const string ServicePrefix = "service=";
    private const string NotPrefix = "\nnot=";

    public long Hash => (long)TextHash.Of(Text);

    /// <summary>The service that it asks for.</summary>
    public string Service => Text[ServicePrefix.Length..(Text.IndexOf('\n', StringComparison.Ordinal) is var end && end < 0 ? Text.Length : end)];

    /// <summary>Targets of <see cref="Exclusion"/>s.</summary>
    public IReadOnlyList<string> Excluded => Text.Contains('\n', StringComparison.Ordinal) ? Text.Split(NotPrefix)[1..] : [];

    public static Signature Of(JobRecord record) => record.Exclusions is { Count: > 0 } exclusions
        ? new(ServicePrefix + record.Service + string.Concat(exclusions.Select(e => NotPrefix + e.Target).Order(StringComparer.Ordinal)))
        : new(ServicePrefix + record.Service);
}

using System.Globalization;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// The requirement of a job as text, equal for jobs that the same workers can do: the service; then, each on a line of its own and only
/// where there is one, what it asks of the worker (<c>needs=</c>, canonical JSON), its size class (<c>size=</c>), the GPU memory that must be free
/// since it ran out of less (<c>floor=</c>, MB), and where it is not to be tried (<c>not=</c>, sorted).
/// </summary>
public readonly record struct Signature(string Text)
{
    private const string ServicePrefix = "service=";
    private const string NeedsPrefix = "needs=";
    private const string SizePrefix = "size=";
    private const string FloorPrefix = "floor=";
    private const string NotPrefix = "not=";

    public long Hash => (long)TextHash.Of(Text);

    /// <summary>The service that it asks for.</summary>
    public string Service => Text[ServicePrefix.Length..(Text.IndexOf('\n', StringComparison.Ordinal) is var end && end < 0 ? Text.Length : end)];

    /// <summary>Canonical text of its requirements, or null.</summary>
    public string? Needs => Lines(NeedsPrefix).FirstOrDefault();

    /// <summary>Its size class, or null.</summary>
    public string? Size => Lines(SizePrefix).FirstOrDefault();

    /// <summary>GPU memory that must be free, MB; 0: any.</summary>
    public long FloorMb => Lines(FloorPrefix).FirstOrDefault() is { } floor ? long.Parse(floor, CultureInfo.InvariantCulture) : 0;

    /// <summary>Targets of <see cref="Exclusion"/>s.</summary>
    public IReadOnlyList<string> Excluded => [.. Lines(NotPrefix)];

    public static Signature Of(JobRecord record)
    {
        if (record is { Requirements: null, Size: null, Exclusions: null or { Count: 0 } })
            return new(ServicePrefix + record.Service);
        var exclusions = record.Exclusions ?? [];
        var floor = exclusions.Select(e => e.MemoryMb).DefaultIfEmpty(0).Max();
        return new(string.Join('\n', [
            ServicePrefix + record.Service,
            .. record.Requirements is { } needs ? (string[])[NeedsPrefix + needs] : [],
            .. record.Size is { } size ? (string[])[SizePrefix + size] : [],
            .. floor > 0 ? (string[])[FloorPrefix + floor.ToString(CultureInfo.InvariantCulture)] : [],
            .. exclusions.Where(e => e.MemoryMb == 0).Select(e => NotPrefix + e.Target).Order(StringComparer.Ordinal),
        ]));
    }

    private IEnumerable<string> Lines(string prefix) => Text.Contains('\n', StringComparison.Ordinal)
        ? Text.Split('\n').Skip(1).Where(l => l.StartsWith(prefix, StringComparison.Ordinal)).Select(l => l[prefix.Length..])
        : [];
}

namespace OrleansJobGrid.Chaos.Faults;

/// <summary>What the run is to suffer from.</summary>
internal enum Nemesis
{
    KillSilo,
    KillGateway,
    KillStore,
    Stop,
    Proxy,
    Clock,
    Disk,
    Rolling,
}

/// <summary>Their names on the command line.</summary>
internal static class Nemeses
{
    private static readonly Dictionary<string, Nemesis> Names = new(StringComparer.Ordinal)
    {
        ["kill-silo"] = Nemesis.KillSilo,
        ["kill-gateway"] = Nemesis.KillGateway,
        ["kill-store"] = Nemesis.KillStore,
        ["stop"] = Nemesis.Stop,
        ["proxy"] = Nemesis.Proxy,
        ["clock"] = Nemesis.Clock,
        ["disk"] = Nemesis.Disk,
        ["rolling"] = Nemesis.Rolling,
    };

    public static IReadOnlyList<Nemesis> All { get; } = [.. Enum.GetValues<Nemesis>()];

    /// <summary>One process on SQLite is gateway and store as well, and has no links.</summary>
    public static IReadOnlyList<Nemesis> OfOneProcess { get; } = [Nemesis.KillSilo, Nemesis.Stop, Nemesis.Clock, Nemesis.Disk, Nemesis.Rolling];

    /// <summary>Why it cannot be brought about on this machine; null: it can.</summary>
    public static string? Obstacle(this Nemesis nemesis) => nemesis switch
    {
        Nemesis.Clock => Clocks.SteppedClock.Obstacle,
        Nemesis.Disk => Disks.SmallDisk.Obstacle,
        _ => null,
    };

    public static string Name(this Nemesis nemesis) => Names.Single(n => n.Value == nemesis).Key;

    /// <summary>Reads names parted by commas, or <c>all</c>; throws <see cref="ArgumentException"/> naming the wrong one.</summary>
    public static IReadOnlyList<Nemesis> Parse(string text, bool oneProcess)
    {
        var possible = oneProcess ? OfOneProcess : All;
        if (text == "all")
            return possible;
        var asked = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(name =>
            Names.TryGetValue(name, out var nemesis) ? nemesis : throw new ArgumentException($"--nemeses: there is no '{name}'. Known: {string.Join(", ", Names.Keys)}, all.")).Distinct().Order().ToList();
        return asked.FirstOrDefault(n => !possible.Contains(n), (Nemesis)(-1)) is var impossible && (int)impossible >= 0
            ? throw new ArgumentException($"--nemeses: {impossible.Name()} has nothing to act on with --store sqlite, which is one process.")
            : asked;
    }
}

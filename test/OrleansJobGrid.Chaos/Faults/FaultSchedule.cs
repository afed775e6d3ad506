namespace OrleansJobGrid.Chaos.Faults;

/// <summary>The faults of a seed. Pure: the same seed and the same terms give the same schedule.</summary>
internal static class FaultSchedule
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);

    /// <summary>What a process takes to start again, or a store.</summary>
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(5);

    public static IReadOnlyList<Fault> Of(int seed, IReadOnlyList<Nemesis> nemeses, TimeSpan length, int silos, bool oneProcess)
    {
        var random = new Random(seed);
        var faults = new List<Fault>();
        var free = new Dictionary<Target, TimeSpan>();
        // Alone, a nemesis gives the grid time to mend; among others it does not.
        var (least, most) = nemeses.Count == 1 ? (3.0, 7.0) : (1.0, 4.0);
        for (var at = First + Draw(random, 0, 2); at < length - First; at += Draw(random, least, most))
        {
            var fault = Make(random, nemeses[random.Next(nemeses.Count)], at, length, silos, oneProcess);
            if (Touched(fault, silos).Any(t => free.GetValueOrDefault(t) > at))
                continue;
            faults.Add(fault);
            foreach (var target in Touched(fault, silos))
                free[target] = at + fault.For + Start;
            if (fault.Nemesis == Nemesis.Rolling)
                at += fault.For;
        }

        return faults;
    }

    private static Fault Make(Random random, Nemesis nemesis, TimeSpan at, TimeSpan length, int silos, bool oneProcess)
    {
        var left = length - at;
        TimeSpan For(double least, double most)
        {
            var drawn = Draw(random, least, most);
            return drawn < left ? drawn : left;
        }

        Target Silo() => new(TargetKind.Silo, random.Next(silos));
        switch (nemesis)
        {
            case Nemesis.KillSilo:
                return new(at, For(0, 5), nemesis, Silo());
            case Nemesis.KillGateway:
                return new(at, For(0, 3), nemesis, new(TargetKind.Gateway));
            case Nemesis.KillStore:
                // Shorter and longer than writes are sent again, and than a lease.
                return new(at, For(0, random.Next(4) == 0 ? 15 : 6), nemesis, new(TargetKind.Store));
            case Nemesis.Stop:
                var stopped = oneProcess ? Silo() : random.Next(6) switch { 0 => new(TargetKind.Gateway), 1 => new(TargetKind.Store), _ => Silo() };
                return new(at, For(5, Math.Clamp(length.TotalSeconds / 3, 5, 60)), nemesis, stopped);
            case Nemesis.Proxy:
                var way = (LinkWay)random.Next(1, 5);
                var link = random.Next(5) switch
                {
                    0 => new Target(TargetKind.GatewayToStore),
                    1 or 2 => new(TargetKind.SilosToSilo, random.Next(silos)),
                    _ => new(TargetKind.SiloToStore, random.Next(silos)),
                };
                return new(at, For(0.5, 12), nemesis, link, way, way == LinkWay.Delay ? Draw(random, 0.05, 1.5) : default);
            case Nemesis.Clock:
                var stepped = oneProcess ? Silo() : random.Next(4) switch { 0 => new(TargetKind.Gateway), 1 => new(TargetKind.Store), _ => Silo() };
                var step = Draw(random, 3, random.Next(2) == 0 ? 30 : 600);
                return new(at, For(3, 15), nemesis, stepped, Amount: random.Next(2) == 0 ? step : -step);
            case Nemesis.Disk:
                return new(at, For(1, 8), nemesis, oneProcess ? new(TargetKind.Silo, 0) : new(TargetKind.Store));
            default:
                return new(at, For(8, 16), nemesis, new(TargetKind.All));
        }
    }

    /// <summary>Whom a fault keeps busy, so that no two of them hit the same at once.</summary>
    private static IEnumerable<Target> Touched(Fault fault, int silos) => fault.Target.Kind == TargetKind.All
        ? [.. Enumerable.Range(0, silos).Select(s => new Target(TargetKind.Silo, s))]
        : [fault.Target];

    private static TimeSpan Draw(Random random, double least, double most) =>
        TimeSpan.FromMilliseconds(Math.Round(1000 * (least + ((most - least) * random.NextDouble()))));
}

using System.Globalization;

namespace OrleansJobGrid.Chaos.Soak;

/// <summary>What the run showed.</summary>
internal sealed class SoakReport(
    SoakOptions options, SoakLoad load, IReadOnlyList<SoakFault> faults, IReadOnlyList<SoakSample> samples, IReadOnlyDictionary<string, List<TimeSpan>> ends, long completed)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1);

    private readonly List<Probe> _probes = [.. load.Probes.OrderBy(p => p.Sent)];

    /// <summary>As many completions as acknowledgements, and an end of each probe.</summary>
    public bool Holds => completed == load.Acknowledged && _probes.TrueForAll(p => ends.ContainsKey(p.Id));

    public override string ToString()
    {
        var late = _probes.Count(p => p.Answer > AnswerLimit);
        // While the only store is away nothing can be acknowledged.
        var storeAway = faults.Where(f => f.What == "store").ToList();
        var whileThere = _probes.Where(p => !storeAway.Any(f => p.Acknowledged > f.At && p.Sent < f.Ready)).ToList();
        var lines = new List<string>
        {
            Text($"{options.Length.TotalMinutes:0} min, {options.Rate} jobs/s offered, {options.Silos} silos, {faults.Count} kills"),
            "",
            "| what | figure |",
            "|---|---|",
            Text($"| sent, acknowledged | {load.Sent}, {load.Acknowledged} |"),
            Text($"| completed | {completed} ({100.0 * completed / load.Acknowledged:0.0000} %) |"),
            Text($"| probes; without an end; ended more than once | {_probes.Count}; {_probes.Count(p => !ends.ContainsKey(p.Id))}; {ends.Values.Count(e => e.Count > 1)} |"),
            Text($"| submissions answered within 1 s | {100.0 * (_probes.Count - late) / _probes.Count:0.000} % |"),
            Text($"| the same while the store was there | {100.0 * whileThere.Count(p => p.Answer <= AnswerLimit) / Math.Max(1, whileThere.Count):0.000} % |"),
            "",
            "| fault | at | detected after | ready again after | all earlier probes done after | longest answer | answers above 1 s |",
            "|---|---|---|---|---|---|---|",
        };
        lines.AddRange(faults.Select(FaultRow));
        lines.AddRange(["", "| minutes | completed/s | answer p50, ms | p99, ms | probe to its end p50, ms | p99, ms | largest silo, MB | handles | threads | store, MB | its files, MB | queued |", "|---|---|---|---|---|---|---|---|---|---|---|---|"]);
        var part = options.Length / 6;
        lines.AddRange(Enumerable.Range(0, 6).Select(n => PartRow(part * n, part * (n + 1))));
        return string.Join(Environment.NewLine, lines);
    }

    private string FaultRow(SoakFault fault)
    {
        var next = fault.At + options.KillEvery;
        var done = _probes.Where(p => p.Acknowledged <= fault.At && ends.ContainsKey(p.Id)).Select(p => ends[p.Id][0]).Append(fault.At).Max() - fault.At;
        var hit = _probes.Where(p => p.Acknowledged > fault.At && p.Sent < next).Select(p => p.Answer).ToList();
        return Text($"| {fault.What} | {fault.At.TotalSeconds:0} s | {(fault.Detected is { } d ? Seconds(d - fault.At) : "not")} | {Seconds(fault.Ready - fault.At)} | {Seconds(done)} | {Seconds(hit.Append(TimeSpan.Zero).Max())} | {hit.Count(a => a > AnswerLimit)} |");
    }

    private string PartRow(TimeSpan from, TimeSpan to)
    {
        var inside = samples.Where(s => s.At >= from && s.At < to).ToList();
        var probes = _probes.Where(p => p.Sent >= from && p.Sent < to).ToList();
        var answers = probes.Select(p => p.Answer.TotalMilliseconds).Order().ToList();
        var whole = probes.Where(p => ends.ContainsKey(p.Id)).Select(p => (ends[p.Id][0] - p.Sent).TotalMilliseconds).Order().ToList();
        if (inside.Count < 2 || answers.Count == 0 || whole.Count == 0)
            return Text($"| {from.TotalMinutes:0} to {to.TotalMinutes:0} | no samples |");
        var rate = (inside[^1].Completed - inside[0].Completed) / (inside[^1].At - inside[0].At).TotalSeconds;
        static double At(List<double> values, double share) => values[(int)((values.Count - 1) * share)];
        return Text($"| {from.TotalMinutes:0} to {to.TotalMinutes:0} | {rate:0} | {At(answers, 0.5):0.0} | {At(answers, 0.99):0} | {At(whole, 0.5):0} | {At(whole, 0.99):0} | {inside.Max(s => s.SiloMb.Max())} | {inside.Max(s => s.SiloHandles.Max())} | {inside.Max(s => s.SiloThreads.Max())} | {inside.Max(s => s.StoreMb):0} | {inside.Max(s => s.StoreFilesMb):0} | {inside.Max(s => s.Queued)} |");
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}

using System.Globalization;
using System.Text;
using OrleansJobGrid.Chaos.Faults;

namespace OrleansJobGrid.Chaos.Checking;

/// <summary>What became of a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Nemeses">What it suffered from.</param>
/// <param name="Faults">How often.</param>
/// <param name="FailedRequests">Submissions that were refused, broken off or not answered in time, and sent again.</param>
/// <param name="Findings">What the checker found.</param>
/// <param name="WorstRecovery">The longest time from a fault to the next completion.</param>
/// <param name="LongestStandstill">The longest time between two completions.</param>
internal sealed record Verdict(int Seed, IReadOnlyList<Nemesis> Nemeses, int Faults, int FailedRequests, Findings Findings, TimeSpan WorstRecovery, TimeSpan LongestStandstill)
{
    public const string Head = """
        | seed | nemeses | faults | failed requests | acknowledged | completed | sagas | poison | lost | failed | doubled side effects | doubled completions | late posts found | reruns in process | worst recovery | longest standstill |
        |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
        """;

    public bool Holds => Findings.Holds;

    /// <summary>A row of the table.</summary>
    public override string ToString()
    {
        var nemeses = Nemeses.Count >= Chaos.Faults.Nemeses.OfOneProcess.Count ? "all" : string.Join(", ", Nemeses.Select(n => n.Name()));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {Seed} | {nemeses} | {Faults} | {FailedRequests} | {Findings.Acknowledged} | {Findings.Completed} | {Findings.Sagas} | {Findings.Poisoned.Count} | {Findings.Lost.Count} | {Findings.Failed.Count} "
            + $"| {Findings.DoubledEffects.Count} | {Findings.DoubledCompletions.Count} | {Findings.StaleSubmits} | {Findings.Reruns} "
            + $"| {WorstRecovery.TotalSeconds:0.0} s | {LongestStandstill.TotalSeconds:0.0} s |");
    }

    /// <summary>The last row of the table: sums, and the worst of the times.</summary>
    public static string Total(IReadOnlyList<Verdict> verdicts)
    {
        int Sum(Func<Findings, int> count) => verdicts.Sum(v => count(v.Findings));
        string Worst(Func<Verdict, TimeSpan> time) => $"{verdicts.Select(time).DefaultIfEmpty().Max().TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s";
        return string.Create(CultureInfo.InvariantCulture,
            $"| {verdicts.Count} seeds | | {verdicts.Sum(v => v.Faults)} | {verdicts.Sum(v => v.FailedRequests)} | {Sum(f => f.Acknowledged)} | {Sum(f => f.Completed)} | {Sum(f => f.Sagas)} | {Sum(f => f.Poisoned.Count)} | {Sum(f => f.Lost.Count)} "
            + $"| {Sum(f => f.Failed.Count)} | {Sum(f => f.DoubledEffects.Count)} | {Sum(f => f.DoubledCompletions.Count)} | {Sum(f => f.StaleSubmits)} | {Sum(f => f.Reruns)} "
            + $"| {Worst(v => v.WorstRecovery)} | {Worst(v => v.LongestStandstill)} |");
    }

    /// <summary>Every finding in words.</summary>
    public IEnumerable<string> Words() =>
    [
        .. Findings.Lost.Select(f => $"lost: {f}"),
        .. Findings.Failed.Select(f => $"failed: {f}"),
        .. Findings.DoubledEffects.Select(f => $"doubled side effect: {f}"),
        .. Findings.DoubledCompletions.Select(f => $"doubled completion: {f}"),
        .. Findings.Poisoned.Select(f => $"poison, as the design says: {f}"),
    ];

    /// <summary>Writes the verdict, and the audit logs of the jobs that it names.</summary>
    public async Task WriteAsync(string folder, Evidence evidence)
    {
        var text = new StringBuilder(Head).AppendLine().AppendLine(ToString()).AppendLine();
        foreach (var finding in Words())
        {
            text.AppendLine(finding);
            if (evidence.Jobs.GetValueOrDefault(finding.Split(": ", 2)[1].Split(' ', ':')[0]) is not { } job)
                continue;
            foreach (var e in job.Events)
                text.AppendLine($"    {e.At:HH:mm:ss.fff} {e.Sequence} {e.Type} {e.From} -> {e.To} attempt {e.Attempt} epoch {e.Epoch} {e.WorkerId} {e.Reason}");
            foreach (var e in evidence.Service.Where(e => e.JobId == job.Job.Id))
                text.AppendLine($"    {e.At:HH:mm:ss.fff} service {e.What} {e.ExternalId}");
            foreach (var e in evidence.SideEffects.Where(e => e.JobId == job.Job.Id))
                text.AppendLine($"    in process {e.What} epoch {e.Epoch}");
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "verdict"), text.ToString());
    }
}

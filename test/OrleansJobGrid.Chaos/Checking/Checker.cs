using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Outside;

namespace OrleansJobGrid.Chaos.Checking;

/// <summary>Judges a run by what was acknowledged and what stands outside. Pure.</summary>
internal static class Checker
{
    private const string Poison = "poison:";

    public static Findings Judge(Evidence evidence)
    {
        var ids = evidence.Acknowledged.Select(a => a.JobId).Distinct().ToList();
        var findings = new Findings
        {
            Acknowledged = ids.Count,
            Completed = ids.Count(id => evidence.Jobs.GetValueOrDefault(id)?.Job.Status == JobStatus.Completed),
        };
        foreach (var id in ids)
        {
            if (evidence.Unreadable.TryGetValue(id, out var obstacle))
                findings.Lost.Add($"{id} cannot be read: {obstacle}");
            else
                JudgeEnd(findings, id, evidence.Jobs.GetValueOrDefault(id));
        }

        foreach (var key in evidence.Acknowledged.GroupBy(a => a.Key).Where(k => k.Select(a => a.JobId).Distinct().Count() > 1))
            findings.DoubledCompletions.Add($"{key.Key} was acknowledged as {string.Join(" and as ", key.Select(a => a.JobId).Distinct())}");
        if (evidence.Jobs.Count - ids.Count is var more && more > evidence.Unanswered)
            findings.DoubledCompletions.Add($"the grid has {more} jobs that nobody was told of, but only {evidence.Unanswered} submissions without an answer");
        JudgeWork(findings, evidence);
        return findings;
    }

    private static void JudgeEnd(Findings findings, string id, FinalJob? final)
    {
        switch (final?.Job)
        {
            case null:
                findings.Lost.Add($"{id} is not there");
                break;
            case { IsFinal: false } open:
                findings.Lost.Add($"{id} came to no end: {open.Status} {open.HeldReason}");
                break;
            case { Status: JobStatus.Failed, ErrorMessage: { } why } when why.StartsWith(Poison, StringComparison.Ordinal):
                findings.Poisoned.Add($"{id}: {why}");
                break;
            case { Status: not JobStatus.Completed } job:
                findings.Failed.Add($"{id} ended {job.Status}: {job.ErrorMessage}");
                break;
        }
    }

    private static void JudgeWork(Findings findings, Evidence evidence)
    {
        var inProcess = evidence.SideEffects.ToLookup(e => e.JobId);
        var outside = evidence.Service.ToLookup(e => e.JobId);
        foreach (var (id, (job, events)) in evidence.Jobs)
        {
            if (events.Count(e => e.Type == "completed") is var completions && completions > 1)
                findings.DoubledCompletions.Add($"{id} was completed {completions} times");
            if (job.ServiceRequired == OutsideSettings.Service)
                JudgeOutside(findings, job, events, [.. outside[id]]);
            else
                JudgeInProcess(findings, job, [.. inProcess[id]]);
        }
    }

    /// <summary>The service can be asked by its ids: what it began beyond the first must have been found as a late post.</summary>
    private static void JudgeOutside(Findings findings, Job job, IReadOnlyList<JobEvent> events, IReadOnlyList<ServiceEvent> service)
    {
        foreach (var run in service.Where(e => e.What == "START").GroupBy(e => e.ExternalId).Where(r => r.Count() > 1))
            findings.DoubledEffects.Add($"{job.Id}: {run.Key} was executed {run.Count()} times");
        var beyond = service.Where(e => e.What == "START").Select(e => e.ExternalId).Distinct().Count() - 1;
        var stale = events.Count(e => e.Type == "stale_submit");
        if (beyond > stale)
            findings.DoubledEffects.Add($"{job.Id} was executed {beyond + 1} times outside, of which {stale} were found as late posts");
        findings.StaleSubmits += Math.Max(0, Math.Min(beyond, stale));
        if (job.Status != JobStatus.Completed)
            return;
        var external = job.Result is { } result && result.TryGetProperty("external_id", out var told) ? told.GetString() : null;
        if (!service.Any(e => e.What == "END" && e.ExternalId == external))
            findings.DoubledCompletions.Add($"{job.Id} was completed by {external ?? "nobody"}, which the service never brought to an end");
    }

    /// <summary>One grant runs once, and the grant that completed the job is one that came to its end.</summary>
    private static void JudgeInProcess(Findings findings, Job job, IReadOnlyList<(string What, string JobId, long Epoch)> effects)
    {
        foreach (var run in effects.GroupBy(e => e).Where(r => r.Count() > 1))
            findings.DoubledEffects.Add($"{job.Id}: {run.Key.What} of epoch {run.Key.Epoch} was written {run.Count()} times");
        var ends = effects.Where(e => e.What == "END").Select(e => e.Epoch).Distinct().ToList();
        findings.Reruns += Math.Max(0, ends.Count - 1);
        if (job.Status == JobStatus.Completed && !ends.Contains(job.Epoch))
            findings.DoubledCompletions.Add($"{job.Id} was completed in epoch {job.Epoch}, which never came to its end; these did: {string.Join(", ", ends)}");
    }
}

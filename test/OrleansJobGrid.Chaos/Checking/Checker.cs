using OrleansJobGrid.Chaos.Workload;
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
            Sagas = evidence.AcknowledgedSagas.Select(a => a.JobId).Distinct().Count(),
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
        // Jobs of sagas bear their saga's id before a colon.
        var untold = evidence.Jobs.Keys.Except(ids).Count(id => !id.Contains(':', StringComparison.Ordinal)) + evidence.Sagas.Keys.Except(evidence.AcknowledgedSagas.Select(a => a.JobId)).Count();
        if (untold > evidence.Unanswered)
            findings.DoubledCompletions.Add($"the grid has {untold} jobs and sagas that nobody was told of, but only {evidence.Unanswered} submissions without an answer");
        JudgeWork(findings, evidence);
        foreach (var saga in evidence.AcknowledgedSagas.GroupBy(a => a.Key))
            JudgeSaga(findings, evidence, saga.Key, [.. saga.Select(a => a.JobId).Distinct()]);
        return findings;
    }

    /// <summary>It is over as it had to be, and what its calls did came about once each, in the order that the definition gives.</summary>
    private static void JudgeSaga(Findings findings, Evidence evidence, string key, IReadOnlyList<string> ids)
    {
        var number = int.Parse(key.Split('-')[^1], System.Globalization.CultureInfo.InvariantCulture);
        if (ids.Count > 1)
            findings.DoubledCompletions.Add($"saga {key} was acknowledged as {string.Join(" and as ", ids)}");
        if (evidence.Sagas.GetValueOrDefault(ids[0]) is not { } saga)
        {
            findings.Lost.Add($"saga {ids[0]} is not there");
            return;
        }

        var effects = evidence.Effects.Where(e => e.StartsWith($"/{number}/", StringComparison.Ordinal)).ToList();
        foreach (var doubled in effects.GroupBy(e => e).Where(e => e.Count() > 1))
            findings.DoubledEffects.Add($"saga {saga.Id}: {doubled.Key} came about {doubled.Count()} times");
        if (!SagaStatus.IsOver(saga.Status))
            findings.Lost.Add($"saga {saga.Id} came to no end: {saga.Status} {saga.Reason}");
        else if (saga.Status != (SagaMix.Fails(number) ? SagaStatus.Compensated : SagaStatus.Completed))
            findings.Failed.Add($"saga {saga.Id} ended {saga.Status}: {saga.Reason}");
        else if (!effects.SequenceEqual(SagaMix.EffectsOf(number)))
            findings.Lost.Add($"saga {saga.Id} is {saga.Status}, and at its target stand {string.Join(", ", effects)} in place of {string.Join(", ", SagaMix.EffectsOf(number))}");
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

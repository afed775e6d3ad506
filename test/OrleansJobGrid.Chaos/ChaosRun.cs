using OrleansJobGrid.Chaos.Checking;
using OrleansJobGrid.Chaos.Faults;
using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.Chaos.Workload;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.Chaos;

/// <summary>One seed: a grid, jobs and faults for the run's length, then quiet, then the verdict.</summary>
internal sealed class ChaosRun(ChaosOptions options, int seed)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>How long clients go on after the last fault.</summary>
    private static readonly TimeSpan LastTries = TimeSpan.FromSeconds(60);

    /// <summary>The last fault is over, and all that it took down runs again.</summary>
    private static readonly TimeSpan MendLimit = TimeSpan.FromMinutes(5);

    /// <summary>Throws where the run itself failed.</summary>
    public async Task<Verdict> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(options.Out, $"seed-{seed}");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        var faults = FaultSchedule.Of(seed, options.Nemeses, options.Length, options.Silos, options.OneProcess);
        await File.WriteAllLinesAsync(Path.Combine(folder, "schedule"), faults.Select(f => f.ToString()), cancellationToken);
        using var journal = new Journal(Path.Combine(folder, "journal"));
        await using var grid = await ChaosGrid.StartAsync(options, folder, journal, cancellationToken);
        var acknowledgements = Path.Combine(folder, "acknowledged");
        using var log = new AcknowledgementLog(acknowledgements);
        var acknowledgedSagas = Path.Combine(folder, "acknowledged-sagas");
        using var sagaLog = new AcknowledgementLog(acknowledgedSagas);
        var submitter = new Submitter(seed, options.Rate, grid.Client, log, grid.Effects.Path, sagaLog, options.Sagas, grid.Target.Url);
        var injector = new FaultInjector(grid, journal);
        await using var progress = new ProgressWatch(grid.Url, journal);

        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var submitting = submitter.RunAsync(options.Length, giveUp.Token);
        // A process that does not come up again would be waited for for ever.
        await injector.RunAsync(faults, cancellationToken).WaitAsync(options.Length + MendLimit, TimeProvider.System, cancellationToken);
        journal.Say("the last fault is over");
        grid.Mend();
        giveUp.CancelAfter(LastTries + options.Length);
        await submitting;
        journal.Say($"{submitter.Sent} sent, {submitter.Acknowledged} acknowledged, {submitter.Unanswered} without an answer, {submitter.Tries} requests");
        await SettleAsync(grid, AcknowledgementLog.Read(acknowledgements), AcknowledgementLog.Read(acknowledgedSagas), journal, cancellationToken);

        var evidence = await GatherAsync(grid, AcknowledgementLog.Read(acknowledgements), AcknowledgementLog.Read(acknowledgedSagas), submitter.Unanswered, cancellationToken);
        File.Copy(grid.Effects.Path, Path.Combine(folder, "side-effects"));
        File.Copy(Path.Combine(grid.Service.Folder, "log"), Path.Combine(folder, "service"));
        var findings = Checker.Judge(evidence);
        findings.Failed.AddRange(submitter.Refused.Select(r => $"a submission was refused: {r}"));
        var verdict = new Verdict(seed, options.Nemeses, faults.Count, submitter.Failed, findings, progress.WorstRecovery(injector.Begun), progress.LongestStandstill());
        await verdict.WriteAsync(folder, evidence);
        return verdict;
    }

    /// <summary>Returns when all are final, or the time for that is over: what is open then is lost.</summary>
    private async Task SettleAsync(ChaosGrid grid, IReadOnlyList<Acknowledgement> acknowledged, IReadOnlyList<Acknowledgement> sagas, Journal journal, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var open = acknowledged.Concat(sagas).Select(a => a.JobId).ToHashSet();
        while (open.Count > 0 && TimeProvider.System.GetElapsedTime(started) < options.Settle)
        {
            try
            {
                await foreach (var job in grid.Client.ListAllJobsAsync(new() { Limit = 500 }, cancellationToken))
                {
                    if (job.IsFinal)
                        open.Remove(job.Id);
                }

                foreach (var saga in await SagasAsync(grid.Client, cancellationToken))
                {
                    if (SagaStatus.IsOver(saga.Status))
                        open.Remove(saga.Id);
                }
            }
            catch (JobGridException e)
            {
                journal.Say($"the list is not to be had: {e.Message}");
            }

            if (open.Count > 0)
                await Task.Delay(Poll, TimeProvider.System, cancellationToken);
        }

        journal.Say(open.Count == 0 ? "all acknowledged jobs and sagas are final" : $"{open.Count} are open, such as {open.First()}");
    }

    private static async Task<Evidence> GatherAsync(
        ChaosGrid grid, IReadOnlyList<Acknowledgement> acknowledged, IReadOnlyList<Acknowledgement> sagas, int unanswered, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = grid.Url };
        var client = new JobGridClient(http);
        var ids = acknowledged.Select(a => a.JobId).ToHashSet();
        await foreach (var job in client.ListAllJobsAsync(new() { Limit = 500 }, cancellationToken))
            ids.Add(job.Id);
        var (jobs, unreadable) = (new Dictionary<string, FinalJob>(), new Dictionary<string, string>());
        foreach (var chunk in ids.Chunk(16))
        {
            foreach (var (id, job, obstacle) in await Task.WhenAll(chunk.Select(id => FinalAsync(client, id, cancellationToken))))
            {
                if (job is not null)
                    jobs.Add(id, job);
                else if (obstacle is not null)
                    unreadable.Add(id, obstacle);
            }
        }

        return new()
        {
            Acknowledged = acknowledged,
            Unanswered = unanswered,
            SideEffects = grid.Effects.Read(),
            Service = grid.Service.Read(),
            Jobs = jobs,
            Unreadable = unreadable,
            AcknowledgedSagas = sagas,
            Sagas = (await SagasAsync(client, cancellationToken)).ToDictionary(s => s.Id),
            Effects = [.. grid.Target.Effects],
        };
    }

    private static async Task<List<Saga>> SagasAsync(JobGridClient client, CancellationToken cancellationToken)
    {
        var (sagas, cursor) = (new List<Saga>(), (string?)null);
        do
        {
            var page = await client.ListSagasAsync(limit: 500, cursor: cursor, cancellationToken: cancellationToken);
            sagas.AddRange(page.Sagas);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return sagas;
    }

    /// <summary>The job; or why it cannot be read; neither: it is not there.</summary>
    private static async Task<(string Id, FinalJob? Job, string? Obstacle)> FinalAsync(JobGridClient client, string id, CancellationToken cancellationToken)
    {
        try
        {
            return (id, new(await client.GetJobAsync(id, cancellationToken), await client.GetEventsAsync(id, cancellationToken)), null);
        }
        catch (JobGridException e)
        {
            return (id, null, e.Status == 404 ? null : e.Message);
        }
    }
}

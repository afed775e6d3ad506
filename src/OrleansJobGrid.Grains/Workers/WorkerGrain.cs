using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Dashboard;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <inheritdoc cref="IWorkerGrain"/>
/// <remarks>What it knows is a cache of the store's leases: lost with an activation, read again by the next one's first heartbeat.</remarks>
[Orleans.Placement.PreferLocalPlacement, NoProfiling, GrainType("jobgrid.worker")]
internal sealed class WorkerGrain(
    IJobStore store, StoreLanes lanes, LongPolls polls, ILocalSiloDetails silo, TimeProvider time, IOptions<JobGridOptions> options, ILogger<WorkerGrain> logger) : Grain, IWorkerGrain
{
    /// <summary>Finds, however a grant got lost, that it did.</summary>
    private static readonly TimeSpan LeasesAgain = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Held> _granted = new(StringComparer.Ordinal);
    private readonly List<StopOrder> _stops = [];
    private readonly List<StopOrder> _undelivered = [];
    private TaskCompletionSource _stopsChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _sessionId;
    private long _sessionSeen;
    private bool _leasesUnknown = true;
    private long _leasesRead;

    private string WorkerId => this.GetPrimaryKeyString();

    public async Task<HeartbeatAnswer> Heartbeat(Heartbeat heartbeat)
    {
        // What it lists was true when it came; the store may keep it waiting, and grants go on meanwhile.
        var arrived = time.GetTimestamp();
        if (_sessionId != heartbeat.SessionId)
            Begin(heartbeat.SessionId);
        var session = new SessionRecord(heartbeat.SessionId, WorkerId, silo.SiloAddress.ToParsableString(), SessionBody.Of(heartbeat).Write());
        var answer = await store.WriteSessionAsync(session, options.Value.Lease, CancellationToken.None);
        lanes.Clock.Observe(answer.Clock);
        if (answer.Ended)
        {
            _sessionId = null;
            return new(0, true, []);
        }

        _sessionSeen = time.GetTimestamp();
        if (_leasesUnknown || time.GetElapsedTime(_leasesRead) >= LeasesAgain)
            await ReadLeases(heartbeat.SessionId);
        await TakeBackUnconfirmed(heartbeat, arrived);
        return new((long)options.Value.Lease.TotalMilliseconds, false, [.. _stops]);
    }

    public async Task<ClaimAnswer> Claim(string queue, ClaimRequest request)
    {
        try
        {
            var answer = await GrainFactory.Queue(queue).Claim(request);
            foreach (var grant in answer.Grants)
                _granted[grant.JobId] = new(grant.Token, time.GetTimestamp());
            _leasesUnknown |= answer.Uncertain;
            return answer;
        }
        catch (Exception)
        {
            // What was granted in the lost answer is found in the store.
            _leasesUnknown = true;
            throw;
        }
    }

    public async Task<AttemptAnswer> Report(AttemptReport report, string? claimQueue, ClaimRequest? claim)
    {
        var job = GrainFactory.Job(report.JobId);
        var outcome = report switch
        {
            { Completion: { } completion } => await job.Complete(report.Token, completion),
            { Failure: { } failure } => await job.Fail(report.Token, failure),
            { Stop: { } reason } => await job.Stopped(report.Token, reason),
            _ => throw new ArgumentException("A report needs a completion, a failure or a stop.", nameof(report)),
        };
        Drop(report.JobId, report.Token);
        if (claimQueue is null || claim is null)
            return new(outcome, []);
        return new(outcome, (await ClaimBeside(claimQueue, claim)).Grants);
    }

    public async Task<IReadOnlyList<StopOrder>> NextStops(string sessionId, TimeSpan wait)
    {
        if (_undelivered.Count == 0)
            await polls.Wait(_stopsChanged.Task, wait);
        if (sessionId != _sessionId)
            return [];
        // An order lost with this answer comes again with the next heartbeat's.
        StopOrder[] orders = [.. _undelivered];
        _undelivered.Clear();
        return orders;
    }

    public Task Stop(string sessionId, StopOrder order)
    {
        if (sessionId == _sessionId)
            AddStop(order);
        return Task.CompletedTask;
    }

    public async Task Leave(string sessionId)
    {
        await GrainFactory.GetGrain<Recovery.IReconciliationGrain>(sessionId).End("its worker left");
        if (sessionId == _sessionId)
            _sessionId = null;
        // Nobody listens any more, and an activation with an open call would hold up the silo's stop.
        TellListeners();
        DeactivateOnIdle();
    }

    private void TellListeners()
    {
        var changed = _stopsChanged;
        _stopsChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    /// <summary>The report stands whatever becomes of the claim, whose fault comes again with the worker's next one.</summary>
    private async Task<ClaimAnswer> ClaimBeside(string queue, ClaimRequest claim)
    {
        try
        {
            return await Claim(queue, claim);
        }
        catch (Exception e)
        {
            logger.ClaimBesideReportFailed(WorkerId, queue, e);
            return ClaimAnswer.None;
        }
    }

    private void Begin(string sessionId)
    {
        if (_sessionId is { } other && time.GetElapsedTime(_sessionSeen) < options.Value.Lease)
        {
            throw new InvalidOperationException(
                $"The worker id '{WorkerId}' is in use by session {other}, which spoke {time.GetElapsedTime(_sessionSeen).TotalSeconds:0.0} s ago. "
                + "Give each worker its own id (JobGrid:Worker:Id), or wait until the old one's lease has ended.");
        }

        _sessionId = sessionId;
        _granted.Clear();
        _stops.Clear();
        _undelivered.Clear();
        _leasesUnknown = true;
    }

    private async Task ReadLeases(string sessionId)
    {
        // A claim that fails from here on raises it again.
        _leasesUnknown = false;
        _leasesRead = time.GetTimestamp();
        try
        {
            for (var shard = 0; shard < store.ShardCount; shard++)
            {
                var page = await store.ReadIndexAsync(shard, JobIndexes.Leased(sessionId), null, false, StoreLimits.ReadPage, CancellationToken.None);
                foreach (var entry in page.Entries.Where(e => !_granted.ContainsKey(e.JobId)))
                {
                    if (await lanes.Read(entry.JobId) is { } stored)
                        Found(sessionId, entry.JobId, JobRecordFormat.Read(entry.JobId, stored.Record));
                }
            }
        }
        catch (Exception)
        {
            _leasesUnknown = true;
            throw;
        }
    }

    /// <summary>A lease that this activation did not know, and the stop that may have been asked for before it came into being.</summary>
    private void Found(string sessionId, string jobId, JobRecord record)
    {
        if (sessionId != _sessionId || !record.Status.IsGranted() || record.LastGrant!.SessionId != sessionId)
            return;
        if (_granted.TryAdd(jobId, new(record.Token, time.GetTimestamp())) && record.CancelRequestedAt is not null)
            AddStop(new(jobId, record.Token, "the job was asked to stop"));
    }

    /// <summary>A grant that its worker does not list was lost on the way: it goes back.</summary>
    private async Task TakeBackUnconfirmed(Heartbeat heartbeat, long arrived)
    {
        var listed = heartbeat.Held.ToHashSet();
        foreach (var (jobId, held) in _granted.ToList())
        {
            if (listed.Contains(new(jobId, held.Token)))
            {
                _granted[jobId] = held with { Since = time.GetTimestamp() };
            }
            else if (time.GetElapsedTime(held.Since, arrived) >= options.Value.UnconfirmedGrant)
            {
                logger.GrantTakenBack(WorkerId, jobId);
                await GrainFactory.Job(jobId).Stopped(held.Token, StopReason.NotBegun);
                Drop(jobId, held.Token);
            }
        }
    }

    private void AddStop(StopOrder order)
    {
        if (_stops.Contains(order))
            return;
        _stops.Add(order);
        _undelivered.Add(order);
        TellListeners();
    }

    private void Drop(string jobId, GrantToken token)
    {
        if (_granted.TryGetValue(jobId, out var held) && held.Token == token)
            _granted.Remove(jobId);
        _stops.RemoveAll(s => s.JobId == jobId && s.Token == token);
    }

    private readonly record struct Held(GrantToken Token, long Since);
}

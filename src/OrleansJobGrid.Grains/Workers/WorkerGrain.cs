using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <inheritdoc cref="IWorkerGrain"/>
/// <remarks>What it knows is a cache of the store's leases: lost with an activation, read again by the next one's first heartbeat.</remarks>
[DevicePlacement, Orleans.Placement.Immovable, GrainType("jobgrid.worker")]
internal sealed partial class WorkerGrain(
    IJobStore store, StoreLanes lanes, ClaimLanes claims, HintSender hints, WorkerRegistry registry, LongPolls polls, ILocalSiloDetails silo, TimeProvider time, IOptions<JobGridOptions> options, ILogger<WorkerGrain> logger) : Grain, IWorkerGrain
{
    /// <summary>Finds, however a grant got lost, that it did.</summary>
    private static readonly TimeSpan LeasesAgain = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Held> _granted = new(StringComparer.Ordinal);

    /// <summary>Grants whose end was answered since the last heartbeat: one that was on its way meanwhile may list them still.</summary>
    private readonly HashSet<HeldGrant> _ended = [];
    private readonly List<StopOrder> _stops = [];
    private readonly List<StopOrder> _undelivered = [];
    private readonly List<JobGrant> _adoptions = [];
    private readonly List<ServiceQuery> _queries = [];
    private readonly Dictionary<Guid, TaskCompletionSource<ServiceAnswer>> _asked = [];
    private TaskCompletionSource _ordersChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
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
            return new(0, true, await DirectivesFor(heartbeat.Held));
        }

        _sessionSeen = time.GetTimestamp();
        if (_leasesUnknown || time.GetElapsedTime(_leasesRead) >= LeasesAgain)
            await ReadLeases(heartbeat.SessionId);
        try
        {
            await TakeBackUnconfirmed(heartbeat, arrived);
            await Direct(heartbeat.Held);
        }
        catch (Exception e)
        {
            // The lease is renewed: one job that cannot be asked must not cost the worker all the others.
            logger.HeldNotChecked(WorkerId, e);
        }

        try
        {
            await Register(heartbeat.Profile);
        }
        catch (Exception e)
        {
            // Nor a registry that cannot be written; the next heartbeat tries again.
            logger.NotRegistered(WorkerId, e);
        }

        return new((long)options.Value.Lease.TotalMilliseconds, false, [.. _stops], _stored?.Registration?.Drain?.OrderAt(lanes.Clock.Now));
    }

    public async Task<ClaimAnswer> Claim(string queue, ClaimRequest request)
    {
        List<JobGrant> grants = [];
        var deadline = time.GetTimestamp() + (long)(request.Wait.TotalSeconds * time.TimestampFrequency);
        var claim = request;
        while (true)
        {
            var reserved = await Reserve(queue, claim);
            if (reserved.Count == 0)
                return new(grants);
            var starts = await Task.WhenAll(reserved.Select(job => Start(queue, job, request)));
            grants.AddRange(starts.Select(s => s.Grant).OfType<JobGrant>());
            if (starts.FirstOrDefault(s => s.Fault is not null).Fault is { } fault)
            {
                // It may have been written all the same, which the store shows; what was granted beside it must reach the worker.
                _leasesUnknown = true;
                if (grants.Count == 0)
                    ExceptionDispatchInfo.Throw(fault);
                return new(grants);
            }

            // Fewer than asked for: the queue has no more. A job that was not to be had is made up for by the next one.
            if (grants.Count == request.Max || (grants.Count > 0 && reserved.Count < claim.Max) || starts.Any(s => s.SessionEnded))
                return new(grants);
            var rest = grants.Count > 0 ? TimeSpan.Zero : time.GetElapsedTime(time.GetTimestamp(), deadline);
            claim = request with { Max = request.Max - grants.Count, Wait = rest > TimeSpan.Zero ? rest : TimeSpan.Zero };
        }
    }

    public async Task<AttemptAnswers> Report(IReadOnlyList<AttemptReport> reports, string? claimQueue, ClaimRequest? claim)
    {
        // Beside each other: what is written then travels together, and a slot whose job has ended is free whether that is written yet or not.
        var answers = Task.WhenAll(reports.Select(Report));
        var claimed = claimQueue is null || claim is null ? ClaimAnswer.None : await ClaimBeside(claimQueue, claim);
        return new(await answers, claimed.Grants);
    }

    private async Task<AttemptAnswer> Report(AttemptReport report)
    {
        var job = GrainFactory.Job(report.JobId);
        try
        {
            var outcome = report switch
            {
                { Completion: { } completion } => await job.Complete(report.Token, completion),
                { Failure: { } failure } => await job.Fail(report.Token, failure),
                { Stop: { } reason } => await job.Stopped(report.Token, reason),
                _ => throw new ArgumentException("A report needs a completion, a failure or a stop.", nameof(report)),
            };
            Drop(report.JobId, report.Token);
            return new(outcome);
        }
        catch (Exception e)
        {
            // Those beside it stand; the worker sends this one again.
            logger.NotReported(WorkerId, report.JobId, e);
            return new(ReportOutcome.Gone, $"{e.GetType().Name}: {e.Message}");
        }
    }

    public async Task<WorkerOrders> NextOrders(string sessionId, TimeSpan wait)
    {
        if (_undelivered.Count + _adoptions.Count + _queries.Count == 0)
            await polls.Wait(_ordersChanged.Task, wait);
        if (sessionId != _sessionId)
            return WorkerOrders.None;
        // What is lost with this answer comes again: a stop with the next heartbeat's, a query with the wheel, and an adoption that its
        // worker does not list is taken back.
        var orders = new WorkerOrders { Stops = [.. _undelivered], Adoptions = [.. _adoptions], Queries = [.. _queries] };
        _undelivered.Clear();
        _adoptions.Clear();
        _queries.Clear();
        return orders;
    }

    public Task Adopt(string sessionId, JobGrant grant)
    {
        if (sessionId != _sessionId)
        {
            _leasesUnknown = true;
            return Task.CompletedTask;
        }

        _granted[grant.JobId] = new(grant.Token, time.GetTimestamp());
        _adoptions.Add(grant);
        TellListeners();
        return Task.CompletedTask;
    }

    public async Task<ServiceAnswer> Ask(string sessionId, ServiceQuery query)
    {
        if (sessionId != _sessionId)
            return new() { QueryId = query.QueryId, Fault = $"worker {WorkerId} is in another session" };
        var answered = new TaskCompletionSource<ServiceAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Add(query.QueryId, answered);
        _queries.Add(query);
        TellListeners();
        try
        {
            return await answered.Task.WaitAsync(AskLimit, time);
        }
        finally
        {
            _asked.Remove(query.QueryId);
        }
    }

    public Task Answer(string sessionId, ServiceAnswer answer)
    {
        if (_asked.TryGetValue(answer.QueryId, out var asked))
            asked.TrySetResult(answer);
        return Task.CompletedTask;
    }

    public Task Stop(string sessionId, StopOrder order)
    {
        if (sessionId == _sessionId)
            AddStop(order);
        return Task.CompletedTask;
    }

    public async Task Leave(string sessionId)
    {
        await GrainFactory.GetGrain<Recovery.IReconciliationGrain>(sessionId).End(Recovery.SessionEndCause.Left, "its worker left");
        await Unregister();
        if (sessionId == _sessionId)
            _sessionId = null;
        // Nobody listens any more, and an activation with an open call would hold up the silo's stop.
        TellListeners();
        DeactivateOnIdle();
    }

    private void TellListeners()
    {
        var changed = _ordersChanged;
        _ordersChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    /// <summary>The queue knows the capabilities by their key, after a first time.</summary>
    private async Task<IReadOnlyList<ReservedJob>> Reserve(string queue, ClaimRequest claim)
    {
        var reserved = await claims.Reserve(queue, claim with { Capabilities = null });
        if (reserved.NeedsCapabilities)
            reserved = await claims.Reserve(queue, claim);
        return reserved.Jobs;
    }

    /// <summary>Starts a job, beside this grain and so beside where its reports come from, and tells its queue what became of it.</summary>
    private async Task<(JobGrant? Grant, bool SessionEnded, Exception? Fault)> Start(string queue, ReservedJob job, ClaimRequest request)
    {
        try
        {
            var answer = await GrainFactory.Job(job.JobId).TryStart(new(request.WorkerId, request.SessionId));
            if (answer.Grant is not { } grant)
            {
                hints.Settle(queue, new(job.JobId, job.Reservation, answer.SessionEnded ? StartOutcome.Again : StartOutcome.Gone));
                return (null, answer.SessionEnded, null);
            }

            hints.Settle(queue, new(job.JobId, job.Reservation, StartOutcome.Granted, grant.Token.Epoch));
            _granted[grant.JobId] = new(grant.Token, time.GetTimestamp());
            return (job.EnvelopeMb is { } needed ? grant with { EnvelopeMb = needed } : grant, false, null);
        }
        catch (Exception e)
        {
            logger.StartFailed(WorkerId, job.JobId, queue, e);
            hints.Settle(queue, new(job.JobId, job.Reservation, e is StoreUnavailableException ? StartOutcome.Again : StartOutcome.Faulted));
            return (null, false, e);
        }
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
        _ended.Clear();
        _stops.Clear();
        _undelivered.Clear();
        _adoptions.Clear();
        _queries.Clear();
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
        if (_granted.TryAdd(jobId, new(record.Token, time.GetTimestamp())) && record.StopRequested)
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

    /// <summary>What the worker holds without a grant known here: the job says whether it stands, and what to do if not.</summary>
    private async Task Direct(IReadOnlyList<HeldGrant> held)
    {
        var listed = held.ToHashSet();
        _stops.RemoveAll(s => !listed.Contains(new(s.JobId, s.Token)) && !Knows(new(s.JobId, s.Token)));
        List<HeldGrant> unknown = [.. held.Where(h => !Knows(h) && !_ended.Contains(h))];
        _ended.Clear();
        foreach (var order in await DirectivesFor(unknown))
            AddStop(order);
    }

    private async Task<List<StopOrder>> DirectivesFor(IReadOnlyList<HeldGrant> held)
    {
        var orders = new List<StopOrder>();
        foreach (var grant in held)
        {
            var directive = await GrainFactory.Job(grant.JobId).DirectiveFor(grant.Token);
            if (directive == Directive.Hold)
                _granted.TryAdd(grant.JobId, new(grant.Token, time.GetTimestamp()));
            else
                orders.Add(new(grant.JobId, grant.Token, "the grant is not the job's any more", directive == Directive.LeaveIt));
        }

        return orders;
    }

    private bool Knows(HeldGrant held) => _granted.TryGetValue(held.JobId, out var known) && known.Token == held.Token;

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
        _ended.Add(new(jobId, token));
        for (var i = _stops.Count - 1; i >= 0; i--)
        {
            if (_stops[i].JobId == jobId && _stops[i].Token == token)
                _stops.RemoveAt(i);
        }
    }

    private readonly record struct Held(GrantToken Token, long Since);
}

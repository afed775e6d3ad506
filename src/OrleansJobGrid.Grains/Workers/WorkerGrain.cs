using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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
[DevicePlacement, Orleans.Placement.Immovable, GrainType("jobgrid.worker")]
internal sealed partial class WorkerGrain(
    IJobStore store, StoreLanes lanes, WorkerDesk desk, WorkerRegistry registry, LongPolls polls, ILocalSiloDetails silo, TimeProvider time, IOptions<JobGridOptions> options, ILogger<WorkerGrain> logger) : Grain, IWorkerGrain
{
    /// <summary>Finds, however a grant got lost, that it did.</summary>
    private static readonly TimeSpan LeasesAgain = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);

    private readonly List<StopOrder> _stops = [];
    private readonly List<StopOrder> _undelivered = [];
    private readonly List<JobGrant> _adoptions = [];
    private readonly List<ServiceQuery> _queries = [];
    private readonly Dictionary<Guid, TaskCompletionSource<ServiceAnswer>> _asked = [];
    private TaskCompletionSource _ordersChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WorkerGrants _grants = null!;
    private string? _sessionId;
    private long _sessionSeen;
    private long _leasesRead;

    private string WorkerId => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _grants = desk.Open(WorkerId);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        desk.Close(WorkerId, _grants);
        return Task.CompletedTask;
    }

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
        if (_grants.IsUnsure || time.GetElapsedTime(_leasesRead) >= LeasesAgain)
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

    public Task<ClaimAnswer> Claim(string queue, ClaimRequest request) => desk.Claim(_grants, queue, request);

    public Task<AttemptAnswers> Report(IReadOnlyList<AttemptReport> reports, string? claimQueue, ClaimRequest? claim) =>
        desk.Report(_grants, WorkerId, reports, claimQueue, claim);

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
            _grants.IsUnsure = true;
            return Task.CompletedTask;
        }

        _grants.Set(grant.JobId, grant.Token);
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

    private void Begin(string sessionId)
    {
        if (_sessionId is { } other && time.GetElapsedTime(_sessionSeen) < options.Value.Lease)
        {
            throw new InvalidOperationException(
                $"The worker id '{WorkerId}' is in use by session {other}, which spoke {time.GetElapsedTime(_sessionSeen).TotalSeconds:0.0} s ago. "
                + "Give each worker its own id (JobGrid:Worker:Id) and, of one machine, its own GPUs (JobGrid:Worker:Gpus), or wait until the old one's lease has ended.");
        }

        _sessionId = sessionId;
        _grants.Clear();
        _stops.Clear();
        _undelivered.Clear();
        _adoptions.Clear();
        _queries.Clear();
    }

    private async Task ReadLeases(string sessionId)
    {
        // A claim that fails from here on raises it again.
        _grants.IsUnsure = false;
        _leasesRead = time.GetTimestamp();
        try
        {
            for (var shard = 0; shard < store.ShardCount; shard++)
            {
                var page = await store.ReadIndexAsync(shard, JobIndexes.Leased(sessionId), null, false, StoreLimits.ReadPage, CancellationToken.None);
                foreach (var entry in page.Entries.Where(e => !_grants.Has(e.JobId)))
                {
                    if (await lanes.Read(entry.JobId) is { } stored)
                        Found(sessionId, entry.JobId, JobRecordFormat.Read(entry.JobId, stored.Record));
                }
            }
        }
        catch (Exception)
        {
            _grants.IsUnsure = true;
            throw;
        }
    }

    /// <summary>A lease that this activation did not know, and the stop that may have been asked for before it came into being.</summary>
    private void Found(string sessionId, string jobId, JobRecord record)
    {
        if (sessionId != _sessionId || !record.Status.IsGranted() || record.LastGrant!.SessionId != sessionId)
            return;
        if (_grants.TryAdd(jobId, record.Token) && record.StopRequested)
            AddStop(new(jobId, record.Token, "the job was asked to stop"));
    }

    /// <summary>A grant that its worker does not list was lost on the way: it goes back.</summary>
    private async Task TakeBackUnconfirmed(Heartbeat heartbeat, long arrived)
    {
        foreach (var lost in _grants.Unconfirmed(heartbeat.Held.ToHashSet(), arrived, options.Value.UnconfirmedGrant))
        {
            logger.GrantTakenBack(WorkerId, lost.JobId);
            await GrainFactory.Job(lost.JobId).Stopped(lost.Token, StopReason.NotBegun);
            _grants.Drop(lost.JobId, lost.Token);
        }
    }

    /// <summary>What the worker holds without a grant known here: the job says whether it stands, and what to do if not.</summary>
    private async Task Direct(IReadOnlyList<HeldGrant> held)
    {
        var listed = held.ToHashSet();
        _stops.RemoveAll(s => _grants.IsOver(new(s.JobId, s.Token), listed));
        foreach (var order in await DirectivesFor(_grants.Unknown(held)))
            AddStop(order);
    }

    private async Task<List<StopOrder>> DirectivesFor(IReadOnlyList<HeldGrant> held)
    {
        var orders = new List<StopOrder>();
        foreach (var grant in held)
        {
            var directive = await GrainFactory.Job(grant.JobId).DirectiveFor(grant.Token);
            if (directive == Directive.Hold)
                _grants.TryAdd(grant.JobId, grant.Token);
            else
                orders.Add(new(grant.JobId, grant.Token, "the grant is not the job's any more", directive == Directive.LeaveIt));
        }

        return orders;
    }

    private void AddStop(StopOrder order)
    {
        if (_stops.Contains(order))
            return;
        _stops.Add(order);
        _undelivered.Add(order);
        TellListeners();
    }
}

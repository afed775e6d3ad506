using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Sagas.Planning;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Operations;

/// <inheritdoc cref="IGridOperationsGrain"/>
[StatelessWorker, GrainType("jobgrid.operations")]
internal sealed class GridOperationsGrain(
    IJobStore store, StoreClock clock, WorkerDirectory workers, WorkerRegistry registry, QueuePauses pauses, IOptions<JobGridOptions> options, TimeProvider time)
    : Grain, IGridOperationsGrain
{
    private const string Ok = "ok";
    private const string Degraded = "degraded";
    private const string Down = "down";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyList<WorkerView>> Workers()
    {
        var page = await workers.Sessions();
        return [.. (await workers.All()).Select(w => ViewOf(w, page.Clock)).OrderBy(w => w.WorkerId, StringComparer.Ordinal)];
    }

    public async Task<IReadOnlyList<QueueSummary>> Queues()
    {
        var depths = (await store.ReadReadyMarksAsync(CancellationToken.None)).ToLookup(m => m.Queue, m => m.Count, StringComparer.Ordinal);
        var paused = await pauses.All();
        // One that is paused is shown also before its first job: its name may be a slip.
        var names = depths.Select(q => q.Key).Union(paused.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return await Task.WhenAll(names.Select(async name =>
        {
            var view = await GrainFactory.Queue(name).Describe();
            return new QueueSummary(name, depths[name].Sum(), view.WaitingWorkers, paused.GetValueOrDefault(name));
        }));
    }

    public async Task<QueueControlAnswer> PauseQueue(string queue, string reason)
    {
        var (_, pause) = await pauses.Change(queue, before => new(before?.Since ?? clock.Now, reason));
        await GrainFactory.Queue(queue).PauseChanged();
        var unknown = (await QueueNames()).Contains(queue, StringComparer.Ordinal) ? "" : " No job was ever in it.";
        return new(pause, $"Queue '{queue}' gives out no jobs until 'jobgrid queues resume {queue}'; what runs goes on, and no clock stops.{unknown}");
    }

    public async Task<QueueControlAnswer> ResumeQueue(string queue)
    {
        var (before, _) = await pauses.Change(queue, _ => null);
        await GrainFactory.Queue(queue).PauseChanged();
        return new(null, before is null ? $"Queue '{queue}' was not paused." : $"Queue '{queue}' gives out jobs again.");
    }

    public async Task<IReadOnlyList<string>> QueueNames()
    {
        var marks = await store.ReadReadyMarksAsync(CancellationToken.None);
        return [.. marks.Select(m => m.Queue).Distinct(StringComparer.Ordinal)];
    }

    public Task<WorkerControlAnswer> Drain(string workerId, TimeSpan? budget, string reason)
    {
        long? until = budget is { } limit ? clock.Now + (long)limit.TotalMilliseconds : null;
        var wish = new DrainWish(Guid.NewGuid(), until, reason);
        return Change(workerId, r => r with { Drain = wish }, budget is null
            ? $"Worker '{workerId}' claims no more; its jobs end. 'jobgrid undrain {workerId}' lets it claim again."
            : $"Worker '{workerId}' claims no more; what still runs in {budget.Value.TotalSeconds:0} s is handed on. 'jobgrid undrain {workerId}' lets it claim again.");
    }

    public Task<WorkerControlAnswer> Resume(string workerId) =>
        Change(workerId, r => r.Drain is null ? r : r with { Drain = null }, $"Worker '{workerId}' claims jobs.");

    public async Task<WorkerControlAnswer> Forget(string workerId)
    {
        var known = (await workers.All()).FirstOrDefault(w => w.WorkerId == workerId);
        if (known is null)
            return new(false, false, $"There is no worker '{workerId}'.");
        if (known.Live)
            return new(true, false, $"Worker '{workerId}' lives: drain it and stop its process first, or wait until its lease has ended.");
        await registry.Change(workerId, _ => null);
        workers.Forget();
        return new(true, true, $"Worker '{workerId}' is forgotten.");
    }

    public async Task<IReadOnlyList<ModelView>> Models() => DemandReport.Models(await Waiting(), await workers.All());

    public async Task<IReadOnlyList<DemandView>> Demand() =>
        DemandReport.Classes(await Waiting(), await workers.All(), options.Value.TargetWait, clock.Now);

    private async Task<WorkerControlAnswer> Change(string workerId, Func<Registration, Registration> change, string message)
    {
        if ((await registry.Change(workerId, r => r is null ? null : change(r))).Registration is null)
            return new(false, false, $"There is no worker '{workerId}'.");
        workers.Forget();
        GrainFactory.Worker(workerId).RegistrationChanged().Ignore();
        return new(true, true, message);
    }

    private async Task<IReadOnlyList<BucketDemand>> Waiting()
    {
        var demands = await Task.WhenAll((await QueueNames()).Select(q => GrainFactory.Queue(q).Demand()));
        return [.. demands.SelectMany(d => d)];
    }

    public async Task<GridHealth> Health()
    {
        var about = store.Description;
        var health = new StoreHealth(about.Kind, about.Where, about.Durability, [.. about.Findings.Select(f => new StoreSetting(f.Setting, f.Value, f.Warning))]);
        try
        {
            // A write, since a store may be readable and yet not writable: a full disk, a failed commit.
            await store.MarkPassAsync("health", CancellationToken.None);
        }
        catch (JobStoreException e)
        {
            return new(Down, [$"The store does not answer: {e.Message}"], health);
        }

        List<string> reasons = [.. about.Findings.Where(f => f.Warning is not null).Select(f => $"{f.Setting} = {f.Value}: {f.Warning}")];
        var stuck = await Task.WhenAll(Enumerable.Range(0, store.ShardCount).Select(shard => GrainFactory.GetGrain<IWheelGrain>(shard).Stuck()));
        reasons.AddRange(stuck.SelectMany(s => s).Select(s => $"{(SagaStore.SagaOf(s.Key) is { } saga ? $"Saga '{saga}'" : $"Job '{s.Key}'")} is due and cannot be moved: {s.Value}"));
        var parked = 0L;
        for (var shard = 0; shard < store.ShardCount; shard++)
            parked += (await store.CountIndexesAsync(shard, [SagaStore.Status(SagaStatus.Parked.Name())], CancellationToken.None))[0];
        if (parked > 0)
            reasons.Add($"{parked} sagas wait for an operator: 'jobgrid sagas --status parked' shows why.");
        reasons.AddRange(await Told("The subscriptions to events do not answer now; a silo that has just died may have kept them.", OfSubscriptions));
        reasons.AddRange(await Told("What other systems keep cannot be told now; a silo that has just died may have compared it.", OfStates));
        var live = await workers.Live();
        if (live.Count == 0)
            reasons.Add("No worker is registered: jobs wait. Start one (role 'worker').");
        reasons.AddRange(live.Where(w => w.Body?.Outage is not null).Select(w => $"Worker '{w.WorkerId}' claims nothing, since its GPU is gone: {w.Body!.Outage}"));
        reasons.AddRange(
            from worker in live
            from service in worker.Services
            let breaker = worker.Body?.BreakerOf(service)
            where breaker is not null
            select $"Worker '{worker.WorkerId}' claims no jobs of '{service}', since its machine failed several: {breaker.Reason}");
        return new(reasons.Count == 0 ? Ok : Degraded, reasons, health);
    }

    /// <summary>What others have to say; health does not wait long for them.</summary>
    private async Task<IReadOnlyList<string>> Told(string silence, Func<Task<IReadOnlyList<string>>> ask)
    {
        try
        {
            return await ask().WaitAsync(Patience, time);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or JobStoreException)
        {
            return [silence];
        }
    }

    private async Task<IReadOnlyList<string>> OfSubscriptions()
    {
        var reasons = new List<string>();
        foreach (var subscription in await GrainFactory.GetGrain<ISubscriptionCatalogGrain>(0).List())
        {
            if (subscription.LagMs >= options.Value.Events.LagAlert.TotalMilliseconds)
                reasons.Add($"Subscription '{subscription.Name}' lags {subscription.LagMs / 1000} s behind, with {subscription.Pending} writes before it: {subscription.Fault ?? "its events are not taken as fast as they come."}");
            if (subscription.DeadLetters > 0)
                reasons.Add($"{subscription.DeadLetters} events of subscription '{subscription.Name}' could not be delivered: 'jobgrid subscriptions dead-letters {subscription.Name}' shows why.");
        }

        return reasons;
    }

    private async Task<IReadOnlyList<string>> OfStates()
    {
        if (await GrainFactory.GetGrain<IStateReconcilerGrain>(0).Last() is not { } last)
            return [];
        var silent = last.Sources.Where(s => s.Fault is not null).Select(s => $"; {s.Name} could not be read").ToList();
        return last.Differences > last.Repaired || silent.Count > 0
            ? [$"Other systems have {last.Differences - last.Repaired} states of jobs that differ and could not be put right{string.Concat(silent)}: 'jobgrid reconcile --last' shows why."]
            : [];
    }

    private static WorkerView ViewOf(KnownWorker worker, long clock)
    {
        var (session, body, registration) = (worker.Session, worker.Body, worker.Registration);
        var breakers = body?.Breakers ?? new Dictionary<string, BreakerView>();
        return new()
        {
            WorkerId = worker.WorkerId,
            Node = body?.Node ?? registration!.Node,
            Services = worker.Services,
            Slots = worker.Slots,
            Jobs = body?.Jobs ?? [],
            State = StateOf(worker, clock),
            LeaseExpiresAt = session?.ExpiresAt ?? 0,
            StartedAt = body?.StartedAt ?? 0,
            Version = body?.Version ?? registration!.Version,
            SessionId = session?.Id ?? "",
            Instances =
            [
                .. (body?.Instances ?? registration!.Instances).Select(i => new InstanceView(
                    i.Instance, i.Service, i.OnThisMachine, breakers.GetValueOrDefault(i.Instance), body?.Health.GetValueOrDefault(i.Instance))),
                .. worker.Services.Where(breakers.ContainsKey).Select(s => new InstanceView(s, s, OnThisMachine: true, breakers[s])),
            ],
            Capabilities = registration?.Capabilities,
            Gpu = body?.Gpu,
            Connectors = body?.Connectors ?? [],
            LoadedModels = body?.LoadedModels ?? [],
            ModelLoads = body?.ModelLoads ?? 0,
            LastSeenAt = session is null ? registration!.LastSeenAt : clock,
            DrainReason = registration?.Drain?.Reason,
            Doubts = DeviceTruth.Doubts(Contracts.Matching.WorkerCapabilities.Parse(registration?.Capabilities), body?.Gpu),
        };
    }

    private static string StateOf(KnownWorker worker, long clock) => worker switch
    {
        { Session: null } => "offline",
        { Session: { } session } when session.ExpiresAt <= clock => "lost",
        { Body: { Draining: true, Jobs.Count: 0 } } => "drained",
        { Body.Draining: true } => "draining",
        { Body.Outage: not null } => "faulty",
        _ => "active",
    };
}

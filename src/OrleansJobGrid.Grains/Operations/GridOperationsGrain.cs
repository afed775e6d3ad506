using Orleans.Concurrency;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Operations;

/// <inheritdoc cref="IGridOperationsGrain"/>
[StatelessWorker, GrainType("jobgrid.operations")]
internal sealed class GridOperationsGrain(IJobStore store, WorkerDirectory workers) : Grain, IGridOperationsGrain
{
    private const string Ok = "ok";
    private const string Degraded = "degraded";
    private const string Down = "down";

    public async Task<IReadOnlyList<WorkerView>> Workers()
    {
        var page = await workers.Sessions();
        return [.. page.Sessions.Select(s => ViewOf(s, page.Clock)).OrderBy(w => w.WorkerId, StringComparer.Ordinal)];
    }

    public async Task<IReadOnlyList<QueueSummary>> Queues()
    {
        var marks = await store.ReadReadyMarksAsync(CancellationToken.None);
        var queues = marks.GroupBy(m => m.Queue, StringComparer.Ordinal).OrderBy(q => q.Key, StringComparer.Ordinal);
        return await Task.WhenAll(queues.Select(async q =>
        {
            var view = await GrainFactory.Queue(q.Key).Describe();
            return new QueueSummary(q.Key, q.Sum(m => m.Count), view.WaitingWorkers);
        }));
    }

    public async Task<IReadOnlyList<string>> QueueNames()
    {
        var marks = await store.ReadReadyMarksAsync(CancellationToken.None);
        return [.. marks.Select(m => m.Queue).Distinct(StringComparer.Ordinal)];
    }

    public Task<WorkerControlAnswer> Drain(string workerId, TimeSpan? budget, string reason) => throw new NotSupportedException();

    public Task<WorkerControlAnswer> Resume(string workerId) => throw new NotSupportedException();

    public Task<WorkerControlAnswer> Forget(string workerId) => throw new NotSupportedException();

    public Task<IReadOnlyList<ModelView>> Models() => throw new NotSupportedException();

    public Task<IReadOnlyList<DemandView>> Demand() => throw new NotSupportedException();

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
        reasons.AddRange(stuck.SelectMany(s => s).Select(s => $"Job '{s.Key}' is due and cannot be moved: {s.Value}"));
        if ((await workers.Sessions()).Sessions.Count == 0)
            reasons.Add("No worker is registered: jobs wait. Start one (role 'worker').");
        return new(reasons.Count == 0 ? Ok : Degraded, reasons, health);
    }

    private static WorkerView ViewOf(SessionRecord session, long clock)
    {
        var body = SessionBody.Read(session);
        return new()
        {
            WorkerId = session.WorkerId,
            Node = body.Node,
            Services = body.Services,
            Slots = body.Slots,
            Jobs = body.Jobs,
            State = session.ExpiresAt <= clock ? "lost" : body.Draining ? "draining" : "active",
            LeaseExpiresAt = session.ExpiresAt,
            StartedAt = body.StartedAt,
            Version = body.Version,
            SessionId = session.Id,
            Instances = [.. body.Instances.Select(i => new InstanceView(i.Instance, i.Service, i.OnThisMachine, body.Breakers.GetValueOrDefault(i.Instance)))],
        };
    }
}

using Orleans.Concurrency;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Operations;

/// <inheritdoc cref="IJobQueryGrain"/>
[StatelessWorker, GrainType("jobgrid.query")]
internal sealed class JobQueryGrain(IJobStore store, StoreLanes lanes, JobLister lister, WorkerDirectory workers, QueuePolicies policies) : Grain, IJobQueryGrain
{
    public async Task<JobView?> Get(string jobId)
    {
        if (await lanes.Read(jobId) is not { } stored)
            return null;
        var record = JobRecordFormat.Read(jobId, stored.Record);
        if (record.Status.IsGranted())
            return await GrainFactory.Job(jobId).Watch(0, 0, TimeSpan.Zero);
        var view = JobViews.Of(jobId, stored.Version, record);
        if (record.Status != JobStatus.Pending)
            return view;
        return view with
        {
            QueuePosition = record.IsReady ? await GrainFactory.Queue(record.Queue).Position(jobId) : null,
            UnworkableReason = await Unworkable(record),
        };
    }

    public async Task<IReadOnlyList<JobEventView>?> Events(string jobId)
    {
        var events = await store.ReadEventsAsync(lanes.ShardOf(jobId), jobId, CancellationToken.None);
        if (events.Count == 0 && await lanes.Read(jobId) is null)
            return null;
        return [.. events.Select(e => JobViews.Of(JobRecordFormat.ReadEvent(e)))];
    }

    public async Task<JobWhy?> Why(string jobId)
    {
        if (await lanes.Read(jobId) is not { } stored)
            return null;
        var record = JobRecordFormat.Read(jobId, stored.Record);
        var wait = record.IsReady ? await GrainFactory.Queue(record.Queue).Wait(jobId) : null;
        return WhyReport.Of(jobId, record, WaitingJob.Of(record, policies), await workers.All(), wait, lanes.Clock.Now);
    }

    public async Task<JobPage> List(JobFilter filter)
    {
        var page = await lister.List(filter);
        var jobs = new List<JobView>(page.Jobs.Count);
        foreach (var (id, version, record) in page.Jobs)
            jobs.Add(JobViews.Of(id, version, record) with { UnworkableReason = record.Status == JobStatus.Pending ? await Unworkable(record) : null });
        return new(jobs, page.NextCursor);
    }

    public async Task<GridMetrics> Metrics()
    {
        string[] indexes = [.. JobStatusNames.All.Select(JobIndexes.Status)];
        var counts = new long[indexes.Length];
        for (var shard = 0; shard < store.ShardCount; shard++)
        {
            var inShard = await store.CountIndexesAsync(shard, indexes, CancellationToken.None);
            for (var i = 0; i < counts.Length; i++)
                counts[i] += inShard[i];
        }

        var counters = await store.ReadCountersAsync(CancellationToken.None);
        var (average, p95) = ProcessingTimes.Of(counters);
        long Count(JobStatus status) => counts[(int)status - 1];
        return new()
        {
            QueueDepth = Count(JobStatus.Pending),
            Running = Count(JobStatus.Assigned) + Count(JobStatus.InProgress),
            Retrying = Count(JobStatus.Retrying),
            Completed = counters.GetValueOrDefault(JobStatus.Completed.Name()),
            Failed = counters.GetValueOrDefault(JobStatus.Failed.Name()),
            Cancelled = counters.GetValueOrDefault(JobStatus.Cancelled.Name()),
            TimedOut = counters.GetValueOrDefault(JobStatus.Timeout.Name()),
            DeadLetters = Count(JobStatus.Failed) + Count(JobStatus.Timeout),
            Reconciling = Count(JobStatus.Reconciling),
            Paused = Count(JobStatus.Paused),
            Workers = (await workers.Sessions()).Sessions.Count,
            OldestQueuedSeconds = await OldestQueuedSeconds(),
            AvgProcessingMs = average,
            P95ProcessingMs = p95,
        };
    }

    private async Task<double> OldestQueuedSeconds()
    {
        IndexPosition? oldest = null;
        long clock = 0;
        for (var shard = 0; shard < store.ShardCount; shard++)
        {
            var page = await store.ReadIndexAsync(shard, JobIndexes.Status(JobStatus.Pending), null, false, 1, CancellationToken.None);
            clock = Math.Max(clock, page.Clock);
            if (page.Entries is [var first] && (oldest is null || first.Score < oldest.Value.Score))
                oldest = first;
        }

        if (oldest is not { } entry || await lanes.Read(entry.JobId) is not { } stored)
            return 0;
        return Math.Max(0, clock - JobRecordFormat.Read(entry.JobId, stored.Record).CreatedAt) / 1000.0;
    }

    private Task<string?> Unworkable(JobRecord record) => workers.Unworkable(WaitingJob.Of(record, policies));
}

using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// Priority and time of workflows: a job that names its workflow and not its place takes that of the workflow's first job that is still
/// on record, so that older workflows end first.
/// </summary>
internal sealed class WorkflowPlaces(IJobStore store, StoreLanes lanes)
{
    /// <summary>The jobs with their workflows' places.</summary>
    /// <param name="jobs">As submitted.</param>
    /// <param name="clock">The time of a workflow that begins here, Unix ms.</param>
    public async Task<IReadOnlyList<JobSubmission>> Fill(IReadOnlyList<JobSubmission> jobs, long clock)
    {
        if (jobs.All(j => j.WorkflowId is null || (j.WorkflowTime is not null && j.WorkflowPriority is not null)))
            return jobs;
        var places = new Dictionary<string, (int? Priority, long Time)>(StringComparer.Ordinal);
        var filled = new List<JobSubmission>(jobs.Count);
        foreach (var job in jobs)
        {
            if (job.WorkflowId is not { } workflow)
            {
                filled.Add(job);
                continue;
            }

            if (!places.TryGetValue(workflow, out var place))
                places.Add(workflow, place = await Find(workflow) ?? (job.WorkflowPriority, job.WorkflowTime ?? clock));
            filled.Add(job with { WorkflowPriority = job.WorkflowPriority ?? place.Priority, WorkflowTime = job.WorkflowTime ?? place.Time });
        }

        return filled;
    }

    private async Task<(int? Priority, long Time)?> Find(string workflow)
    {
        IndexPosition? first = null;
        for (var shard = 0; shard < store.ShardCount; shard++)
        {
            var page = await store.ReadIndexAsync(shard, JobIndexes.Workflow(workflow), null, false, 1, CancellationToken.None);
            if (page.Entries is [var entry] && (first is null || entry.Score < first.Value.Score))
                first = entry;
        }

        if (first is not { } found || await lanes.Read(found.JobId) is not { } stored)
            return null;
        var job = JobRecordFormat.Read(found.JobId, stored.Record);
        return (job.WorkflowPriority, job.WorkflowTime ?? job.CreatedAt);
    }
}

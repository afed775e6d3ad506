using Orleans;
using Orleans.Serialization.Invocation;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Chaos.Broken;

/// <summary>
/// Takes every completion for that of the last grant, whatever its token and whatever became of the job meanwhile: the last word wins, as in
/// queues that know no epochs.
/// </summary>
internal sealed class CompletesWithoutEpochs(StoreLanes lanes) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.TargetId.Type.ToString() != "jobgrid.job" || context.MethodName != nameof(IJobGrain.Complete))
        {
            await context.Invoke();
            return;
        }

        var jobId = context.TargetId.Key.ToString()!;
        var report = (CompletionReport)context.Request.GetArgument(1)!;
        OperationResult result;
        do
        {
            if (await lanes.Read(jobId) is not { } stored)
            {
                context.Response = Response.FromResult(ReportOutcome.Gone);
                return;
            }

            var job = JobRecordFormat.Read(jobId, stored.Record);
            var running = job with { Status = JobStatus.InProgress };
            var change = JobDecisions.Complete(running, running.Token, report, lanes.Clock.Now).Change!;
            var operation = change.ToOperation(jobId, stored.Version, stored.OperationId, OperationIds.Next());
            // What the record really stands in goes, not what it was taken for.
            result = await lanes.Write(operation with { RemoveReady = job.IsReady, RemoveEntries = JobIndexes.Of(job), AddEntries = JobIndexes.Of(change.After!) });
        }
        while (!result.Holds);
        context.Response = Response.FromResult(ReportOutcome.Accepted);
    }
}

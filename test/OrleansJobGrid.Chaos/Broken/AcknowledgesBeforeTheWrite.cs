using Orleans;
using Orleans.Concurrency;
using Orleans.Serialization.Invocation;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Chaos.Broken;

/// <summary>Answers a submission at once and writes it a second later, as queues that write behind do.</summary>
internal sealed class AcknowledgesBeforeTheWrite : IIncomingGrainCallFilter
{
    /// <summary>Long enough that a silo that is killed under load takes submissions with it whenever that is.</summary>
    private static readonly TimeSpan Behind = TimeSpan.FromSeconds(1);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.TargetId.Type.ToString() != "jobgrid.ingress" || context.MethodName != nameof(IJobIngressGrain.Submit))
            return context.Invoke();
        var submissions = (Immutable<IReadOnlyList<JobSubmission>>)context.Request.GetArgument(0)!;
        _ = WriteAsync((IJobIngressGrain)context.Grain, submissions);
        context.Response = Response.FromResult<IReadOnlyList<SubmitResult>>(
            [.. submissions.Value.Select(s => new SubmitResult(s.Id, SubmitOutcome.Created, null))]);
        return Task.CompletedTask;
    }

    /// <summary>Past the call's end its request is no more: the grain itself is asked.</summary>
    private static async Task WriteAsync(IJobIngressGrain ingress, Immutable<IReadOnlyList<JobSubmission>> submissions)
    {
        await Task.Delay(Behind, TimeProvider.System);
        await ingress.Submit(submissions);
    }
}

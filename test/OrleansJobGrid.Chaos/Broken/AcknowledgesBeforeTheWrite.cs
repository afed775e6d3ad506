using Orleans;
using Orleans.Concurrency;
using Orleans.Serialization.Invocation;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Chaos.Broken;

/// <summary>Answers a submission at once and writes it when it comes to that.</summary>
internal sealed class AcknowledgesBeforeTheWrite : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.TargetId.Type.ToString() != "jobgrid.ingress" || context.MethodName != nameof(IJobIngressGrain.Submit))
            return context.Invoke();
        var submissions = ((Immutable<IReadOnlyList<JobSubmission>>)context.Request.GetArgument(0)!).Value;
        _ = context.Invoke();
        context.Response = Response.FromResult<IReadOnlyList<SubmitResult>>([.. submissions.Select(s => new SubmitResult(s.Id, SubmitOutcome.Created, null))]);
        return Task.CompletedTask;
    }
}

using Orleans;
using Orleans.Runtime;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Chaos.Broken;

/// <summary>Delivers every completion once more after some seconds, as a network and a worker that got no answer may.</summary>
internal sealed class DeliversCompletionsTwice(IGrainFactory grains) : IIncomingGrainCallFilter
{
    private const string Again = "chaos.again";
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(3);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        await context.Invoke();
        if (context.TargetId.Type.ToString() != "jobgrid.job" || context.MethodName != nameof(IJobGrain.Complete) || RequestContext.Get(Again) is not null)
            return;
        _ = DeliverAsync(context.TargetId.Key.ToString()!, (GrantToken)context.Request.GetArgument(0)!, (CompletionReport)context.Request.GetArgument(1)!);
    }

    private async Task DeliverAsync(string jobId, GrantToken token, CompletionReport report)
    {
        await Task.Delay(Later, TimeProvider.System);
        RequestContext.Set(Again, true);
        try
        {
            await grains.GetGrain<IJobGrain>(jobId).Complete(token, report);
        }
        catch (Exception)
        {
            // Nobody waits for it: what becomes of it is for the checker to find.
        }
    }
}

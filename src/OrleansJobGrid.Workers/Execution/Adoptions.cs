using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Grants that take over work outside: they run beside the slots, since the work itself runs elsewhere.</summary>
internal sealed class Adoptions(Func<JobGrant, Task> run, ILogger logger)
{
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    /// <summary>Begins one; up to its first wait it runs on the caller's thread, so that it is held from now on.</summary>
    public void Begin(JobGrant grant)
    {
        var task = Watch(grant);
        _running.TryAdd(task, 0);
        task.ContinueWith(t => _running.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Ends when none runs any more.</summary>
    public async Task Ended()
    {
        while (!_running.IsEmpty)
            await Task.WhenAll(_running.Keys);
    }

    private async Task Watch(JobGrant grant)
    {
        try
        {
            await run(grant);
        }
        catch (Exception e)
        {
            logger.AdoptionFailed(grant.JobId, grant.Token.Epoch, e);
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Asks service instances for the grid, in the background, and answers.</summary>
internal sealed class ServiceQueries(
    IWorkerGrain worker, string sessionId, IEnumerable<IConnector> connectors, FailureReporting failures, TimeProvider time, ILogger logger)
{
    /// <summary>The grid waits 5 s; what it is told of a fault should reach it within them.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(4_500);

    /// <summary>A service that takes longer to stop is found running.</summary>
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, IExternalConnector> _instances = connectors
        .OfType<IExternalConnector>()
        .SelectMany(c => c.Instances, (c, i) => (i.Id, Connector: c))
        .ToDictionary(i => i.Id, i => i.Connector, StringComparer.Ordinal);

    private readonly ConcurrentDictionary<Guid, Task> _running = new();

    /// <summary>Begins to ask. The same query again changes nothing while it runs.</summary>
    public void Ask(ServiceQuery query, CancellationToken over)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_running.TryAdd(query.QueryId, begun.Task))
            return;
        _ = Task.Run(
            async () =>
            {
                await Answer(query, over);
                _running.TryRemove(query.QueryId, out _);
                begun.SetResult();
            },
            CancellationToken.None);
    }

    /// <summary>Ends when all that were begun have ended.</summary>
    public Task Ended() => Task.WhenAll(_running.Values);

    private async Task Answer(ServiceQuery query, CancellationToken over)
    {
        var answer = await Find(query, over);
        try
        {
            await worker.Answer(sessionId, answer);
        }
        catch (Exception e)
        {
            logger.AnswerFailed(query.Instance, e);
        }
    }

    private async Task<ServiceAnswer> Find(ServiceQuery query, CancellationToken over)
    {
        if (!_instances.TryGetValue(query.Instance, out var connector))
            return new() { QueryId = query.QueryId, Fault = $"This worker has no instance '{query.Instance}'." };
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, over);
        try
        {
            await Cancel(connector, query, either.Token);
            var report = await connector.QueryAsync(query.Instance, [.. query.ExternalIds.Select(id => MarkOf(query, id))], either.Token).WaitAsync(either.Token);
            return new()
            {
                QueryId = query.QueryId,
                BootMark = report.BootMark,
                Findings = query.ExternalIds.ToDictionary(id => id, id => FindingOf(report.Submissions[id], query.Instance)),
            };
        }
        catch (Exception e)
        {
            logger.QueryFailed(query.Instance, e);
            var fault = limit.IsCancellationRequested ? $"It did not answer within {Limit.TotalSeconds:0.#} s." : $"{e.GetType().Name}: {e.Message}";
            return new() { QueryId = query.QueryId, Fault = $"Instance '{query.Instance}' could not be asked. {failures.WithoutSecrets(fault)}" };
        }
    }

    /// <summary>Stops what is to be stopped. What could not be is seen by the question that follows, which says what it does now.</summary>
    private async Task Cancel(IExternalConnector connector, ServiceQuery query, CancellationToken cancellationToken)
    {
        if (query.Cancel.Count == 0)
            return;
        using var limit = new CancellationTokenSource(CancelLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await Task.WhenAll(query.Cancel.Select(async id =>
        {
            try
            {
                await connector.CancelAsync(query.Instance, MarkOf(query, id), either.Token).WaitAsync(either.Token);
            }
            catch (Exception e)
            {
                logger.CancelFailed(query.Instance, id, e);
            }
        }));
    }

    private static WorkMark MarkOf(ServiceQuery query, string externalId) => new(externalId, query.ServiceIds.GetValueOrDefault(externalId));

    private ServiceFinding FindingOf(SubmissionReport report, string instance) => report.State switch
    {
        SubmissionState.Absent => new(Finding.Absent),
        SubmissionState.Queued or SubmissionState.Running => new(Finding.Running),
        SubmissionState.Completed => new(Finding.Completed),
        SubmissionState.Failed => new(Finding.Failed, report.Failure is { } failed ? failures.Of(failed, instance: instance) : null),
        SubmissionState.Cancelled => new(Finding.Cancelled),
        SubmissionState.Untellable => new(Finding.Untellable),
        _ => throw new InvalidOperationException($"The connector answered with the state {report.State}."),
    };
}

using System.Collections.Concurrent;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.DeadLetters;

/// <summary>
/// Does the same to every dead letter of a group, page after page. A job that leaves the group, or fails anew, moves no place of the list,
/// so that the sweep goes by each once and comes to an end.
/// </summary>
internal sealed class DeadLetterSweep(IGridGrains grains, TimeProvider time)
{
    /// <summary>Of one request; what is left comes with the next one.</summary>
    public const int MostJobs = 20_000;

    private const int Page = 250;
    private const int MostRefusals = 1_000;
    private const int AtOnce = 32;

    /// <summary>Below the time that clients and proxies give an answer.</summary>
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(20);

    public async Task<SweepResult> RunAsync(
        string fingerprint, string? cursor, Func<IJobGrain, Task<ControlAnswer>> action, CancellationToken cancellationToken)
    {
        var (done, tried, started) = (0, 0, time.GetTimestamp());
        var refused = new ConcurrentBag<RefusedDocument>();
        while (true)
        {
            JobPage page;
            try
            {
                page = await grains.Query().List(new JobFilter { DeadLetters = true, Fingerprint = fingerprint, Limit = Page, Cursor = cursor });
            }
            catch (Exception e) when (FaultBoundary.IsUnavailable(e) && tried > 0)
            {
                // What was done is done, and the caller must hear of it.
                return new(done, Ordered(refused), cursor);
            }

            await Parallel.ForEachAsync(page.Jobs, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (job, _) =>
            {
                if (await TryAsync(job.Id, action) is { } refusal)
                    refused.Add(new RefusedDocument(job.Id, refusal));
                else
                    Interlocked.Increment(ref done);
            });
            tried += page.Jobs.Count;
            cursor = page.NextCursor;
            if (cursor is null || tried >= MostJobs || refused.Count >= MostRefusals || time.GetElapsedTime(started) >= MostTime)
                return new(done, Ordered(refused), cursor);
        }
    }

    /// <summary>Null: done; else why not.</summary>
    private async Task<string?> TryAsync(string jobId, Func<IJobGrain, Task<ControlAnswer>> action)
    {
        try
        {
            var answer = await action(grains.Job(jobId));
            return answer.Found ? answer.Accepted ? null : answer.Message : "there is no such job any more";
        }
        catch (Exception e) when (FaultBoundary.IsUnavailable(e))
        {
            return $"whether it was done is unknown, since {FaultBoundary.Describe(e)}; send the request again";
        }
    }

    private static RefusedDocument[] Ordered(IEnumerable<RefusedDocument> refused) => [.. refused.OrderBy(r => r.JobId, StringComparer.Ordinal)];
}

/// <summary>What a sweep did, and where it stopped; a null cursor: at the end.</summary>
internal sealed record SweepResult(int Done, IReadOnlyList<RefusedDocument> Refused, string? NextCursor);

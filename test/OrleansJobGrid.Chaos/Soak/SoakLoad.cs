using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.Chaos.Soak;

/// <summary>A job that was submitted by itself, on the run's clock.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Sent">When it was first sent.</param>
/// <param name="Acknowledged">When it was acknowledged.</param>
internal sealed record Probe(string Id, TimeSpan Sent, TimeSpan Acknowledged)
{
    public TimeSpan Answer => Acknowledged - Sent;
}

/// <summary>
/// Jobs at an even rate: nearly all of no duration in batches, and ten a second by themselves, each of two seconds, which write down what
/// they do. What is not acknowledged is sent again, to the next gateway, under the same id.
/// </summary>
internal sealed class SoakLoad(SoakGrid grid, int rate, Journal journal)
{
    public const int ProbesPerSecond = 10;
    public const int ProbeMilliseconds = 2_000;
    private const int BatchesPerSecond = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private long _acknowledged;
    private long _sent;

    /// <summary>Jobs acknowledged so far, probes included.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Jobs that were sent at least once.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    public ConcurrentQueue<Probe> Probes { get; } = new();

    /// <summary>Submits for the run's length and returns when all is acknowledged.</summary>
    public async Task RunAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        var batch = Math.Max(1, (rate - ProbesPerSecond) / BatchesPerSecond);
        await Task.WhenAll(
            EvenlyAsync(ProbesPerSecond, length, ProbeAsync, cancellationToken),
            EvenlyAsync(BatchesPerSecond, length, (n, token) => BatchAsync(n, batch, token), cancellationToken));
    }

    private static async Task EvenlyAsync(int perSecond, TimeSpan length, Func<int, CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var sending = new HashSet<Task>();
        for (var n = 0; TimeSpan.FromSeconds((double)n / perSecond) is var due && due < length; n++)
        {
            var early = due - TimeProvider.System.GetElapsedTime(started);
            if (early > TimeSpan.Zero)
                await Task.Delay(early, TimeProvider.System, cancellationToken);
            sending.RemoveWhere(t => t.IsCompletedSuccessfully);
            sending.Add(send(n, cancellationToken));
        }

        await Task.WhenAll(sending);
    }

    private async Task ProbeAsync(int number, CancellationToken cancellationToken)
    {
        var job = new JobSubmission
        {
            Id = $"probe-{number}",
            ServiceRequired = "simulation",
            Payload = new JsonObject { ["duration_ms"] = ProbeMilliseconds, ["side_effect_file"] = grid.Effects.Path },
            // Ahead of what may have piled up.
            Priority = 90,
        };
        Interlocked.Increment(ref _sent);
        var sent = journal.Now;
        await UntilTakenAsync(number, client => client.SubmitAsync(job, cancellationToken: cancellationToken), cancellationToken);
        Probes.Enqueue(new(job.Id, sent, journal.Now));
        Interlocked.Increment(ref _acknowledged);
    }

    private async Task BatchAsync(int number, int size, CancellationToken cancellationToken)
    {
        IReadOnlyList<JobSubmission> open = [.. Enumerable.Range(0, size).Select(n => new JobSubmission
        {
            Id = $"bulk-{number}-{n}",
            ServiceRequired = "simulation",
            Payload = new JsonObject { ["duration_ms"] = 0 },
        })];
        Interlocked.Add(ref _sent, size);
        while (open.Count > 0)
        {
            var jobs = open;
            await UntilTakenAsync(number, async client =>
            {
                var results = await client.SubmitBatchAsync(jobs, cancellationToken: cancellationToken);
                open = [.. results.Where(r => !r.Success).Select(r => jobs[r.Index])];
                Interlocked.Add(ref _acknowledged, jobs.Count - open.Count);
            }, cancellationToken);
        }
    }

    private async Task UntilTakenAsync(int first, Func<JobGridClient, Task> submit, CancellationToken cancellationToken)
    {
        for (var at = first; ; at++)
        {
            try
            {
                await submit(grid.Clients[at % grid.Clients.Count]);
                return;
            }
            catch (JobGridException e) when (e.Status is not (>= 400 and < 500))
            {
                // To the next one at once; each has been asked before any is asked again.
                if ((at - first + 1) % grid.Clients.Count == 0)
                    await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }
}

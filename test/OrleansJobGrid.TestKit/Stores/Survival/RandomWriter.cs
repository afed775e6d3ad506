using OrleansJobGrid.Storage;

namespace OrleansJobGrid.TestKit.Stores.Survival;

/// <summary>
/// Writes random batches for ever, in lanes beside each other, and says in a log what it sent and what was acknowledged
/// (<see cref="WriterLog"/> reads it). Each lane has jobs of its own, so a job has at most one operation under way.
/// </summary>
/// <param name="store">The store; jobs that are in it already are carried on.</param>
/// <param name="seed">Of the random draws.</param>
/// <param name="log">One line at a time, each flushed before the batch it announces is sent.</param>
public sealed class RandomWriter(IJobStore store, int seed, TextWriter log)
{
    private const int Lanes = 4;
    private const int JobsALane = 300;
    private const int LargestBatch = 60;

    private readonly Lock _logLock = new();
    private int _lastBatch;

    private sealed record Held(string JobId, long Version, Guid OperationId, StatedRecord Record);

    /// <summary>Writes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var lanes = Enumerable.Range(0, Lanes)
            .Select(_ => Enumerable.Range(0, store.ShardCount).Select(_ => new List<Held>()).ToArray()).ToArray();
        for (var shard = 0; shard < store.ShardCount; shard++)
            foreach (var (job, n) in (await store.DumpAsync(shard, cancellationToken)).Jobs.Select((job, n) => (job, n)))
                lanes[n % Lanes][shard].Add(new(job.JobId, job.Version, job.OperationId, StatedRecord.Of(job)));
        await Task.WhenAll(lanes.Select((jobs, n) => Task.Run(() => LaneAsync(jobs, new Random((seed * Lanes) + n), cancellationToken), cancellationToken)));
    }

    private async Task LaneAsync(List<Held>[] jobs, Random random, CancellationToken cancellationToken)
    {
        while (true)
        {
            var shard = random.Next(jobs.Length);
            var held = jobs[shard];
            var count = random.Next(1, LargestBatch);
            var next = Shuffled(held, random).Take(count / 2).Select(job => Change(job, random)).ToList();
            while (next.Count < count && held.Count + next.Count < JobsALane)
                next.Add(Change(new(NewId(shard, random), 0, Guid.Empty, new([], null, 0, "")), random));
            if (next.Count == 0)
                continue;
            var number = Interlocked.Increment(ref _lastBatch);
            Log($"sent {number} {shard} {string.Join(' ', next.Select(n => $"{n.Operation.JobId}={(n.After is { } after ? after.Version : "gone")}"))}");
            var answer = await store.ApplyAsync(shard, [.. next.Select(n => n.Operation)], cancellationToken);
            if (answer.Results.FirstOrDefault(r => r.Outcome != OperationOutcome.Applied) is { Outcome: not OperationOutcome.Applied } odd)
                throw new InvalidOperationException($"An operation of batch {number} was answered {odd.Outcome} at version {odd.Version}: {odd.Reason}");
            Log($"done {number}");
            var changed = next.Select(n => n.Operation.JobId).ToHashSet();
            held.RemoveAll(job => changed.Contains(job.JobId));
            held.AddRange(next.Where(n => n.After is not null).Select(n => n.After!));
            if (random.Next(10) == 0)
            {
                var size = random.Next(1, 30_000);
                Log($"took {(await store.TakeSequenceAsync(size, cancellationToken)).First} {size}");
            }
        }
    }

    private static (JobOperation Operation, Held? After) Change(Held job, Random random)
    {
        var deletes = job.Version > 0 && random.Next(6) == 0;
        var removesReady = deletes || random.Next(2) == 0;
        var queue = removesReady ? null : job.Record.Queue;
        ReadyEntry? ready = null;
        // Now and then an entry takes the place of one that is in.
        if (!deletes && (queue is null ? random.Next(3) > 0 : random.Next(8) == 0))
            ready = Ops.Ready(queue = $"queue-{random.Next(3)}", random.Next(100), random.Next(), random.Next(), $"signature {random.Next(5)}");
        var kept = deletes ? [] : job.Record.Entries.Where(_ => random.Next(2) == 0).ToList();
        var added = deletes ? [] : Enumerable.Range(0, 4).Where(n => random.Next(2) == 0 && kept.All(k => k.Index != $"index-{n}"))
            .Select(n => new StatedEntry($"index-{n}", random.Next(1_000))).ToList();
        var events = deletes ? 0 : random.Next(3);
        var padding = new string('.', random.Next(50) == 0 ? 20_000 : random.Next(1_500));
        var record = new StatedRecord([.. kept, .. added], queue, job.Record.Events + events, padding);
        var operation = new JobOperation
        {
            JobId = job.JobId,
            OperationId = NewGuid(random),
            ExpectedVersion = job.Version,
            ExpectedOperationId = job.OperationId,
            Record = deletes ? (ReadOnlyMemory<byte>?)null : record.ToBytes(),
            RemoveReady = removesReady,
            AddReady = ready,
            RemoveEntries = [.. job.Record.Entries.Except(kept).Select(e => new IndexEntry(e.Index, e.Score))],
            AddEntries = [.. added.Select(e => new IndexEntry(e.Index, e.Score))],
            Events = [.. Enumerable.Range(0, events).Select(n => Ops.Bytes($"event {job.Record.Events + n}"))],
            Counters = [new("operations", 1)],
        };
        return (operation, deletes ? null : new(job.JobId, job.Version + 1, operation.OperationId, record));
    }

    private static List<Held> Shuffled(List<Held> held, Random random) => [.. held.OrderBy(_ => random.Next())];

    private string NewId(int shard, Random random)
    {
        while (true)
            if (NewGuid(random).ToString("N") is var id && JobShard.Of(id, store.ShardCount) == shard)
                return id;
    }

    private static Guid NewGuid(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new(bytes);
    }

    private void Log(string line)
    {
        lock (_logLock)
        {
            log.WriteLine(line);
            log.Flush();
        }
    }
}

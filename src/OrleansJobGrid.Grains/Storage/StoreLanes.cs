using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Storage;

/// <summary>
/// The one way of this silo to the store's jobs: group commit and grouped reads, one lane a shard. After a lost answer the same bytes
/// go again until <see cref="JobGridOptions.StoreResend"/> is over; the store tells by the operation ids what was applied before.
/// </summary>
public sealed class StoreLanes : IAsyncDisposable
{
    private static readonly TimeSpan ResendPause = TimeSpan.FromMilliseconds(50);

    private readonly IJobStore _store;
    private readonly TimeProvider _time;
    private readonly TimeSpan _resend;
    private readonly ILogger<StoreLanes> _logger;
    private readonly BatchLane<JobOperation, OperationResult>[] _writes;
    private readonly BatchLane<string, StoredJob?>[] _reads;
    private readonly BatchLane<int, SequenceBlock> _sequence;

    public StoreLanes(IJobStore store, StoreClock clock, TimeProvider time, IOptions<JobGridOptions> options, ILogger<StoreLanes> logger)
    {
        _store = store;
        Clock = clock;
        _time = time;
        _resend = options.Value.StoreResend;
        _logger = logger;
        var shards = Enumerable.Range(0, store.ShardCount);
        _writes = [.. shards.Select(shard => new BatchLane<JobOperation, OperationResult>(
            batch => Apply(shard, batch), new(StoreLimits.BatchOperations, StoreLimits.BatchBytes, SizeOf, o => o.JobId)))];
        _reads = [.. shards.Select(shard => new BatchLane<string, StoredJob?>(
            ids => Read(shard, ids), new(StoreLimits.BatchOperations)))];
        _sequence = new(TakeSequence, new(StoreLimits.BatchOperations));
    }

    /// <summary>The store's clock.</summary>
    public StoreClock Clock { get; }

    /// <summary>The shard of a job.</summary>
    public int ShardOf(string jobId) => JobShard.Of(jobId, _store.ShardCount);

    /// <summary>Writes one operation with whatever else is under way to its shard.</summary>
    public Task<OperationResult> Write(JobOperation operation) => _writes[ShardOf(operation.JobId)].Add(operation);

    /// <summary>Reads one record with whatever else is being read from its shard.</summary>
    public Task<StoredJob?> Read(string jobId) => _reads[ShardOf(jobId)].Add(jobId);

    /// <summary>Takes numbers of the sequence of submissions, in the order of the calls.</summary>
    public Task<SequenceBlock> TakeSequence(int count) => _sequence.Add(count);

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _writes)
            await lane.DisposeAsync();
        foreach (var lane in _reads)
            await lane.DisposeAsync();
        await _sequence.DisposeAsync();
    }

    private static int SizeOf(JobOperation operation)
    {
        var size = operation.Record?.Length ?? 0;
        for (var i = 0; i < operation.Events.Count; i++)
            size += operation.Events[i].Length;
        return size;
    }

    private async Task<IReadOnlyList<OperationResult>> Apply(int shard, IReadOnlyList<JobOperation> batch)
    {
        var answer = await Resend(
            () => _store.ApplyAsync(shard, batch, CancellationToken.None), e => _logger.BatchResent(shard, batch.Count, e));
        Clock.Observe(answer.Clock);
        return answer.Results;
    }

    /// <summary>Records are read to decide on, and no decision is made before the store's clock is known.</summary>
    private async Task<IReadOnlyList<StoredJob?>> Read(int shard, IReadOnlyList<string> ids)
    {
        if (Clock.Now == 0)
            Clock.Observe((await _store.ReadIndexAsync(shard, Jobs.JobIndexes.Due, null, false, 1, CancellationToken.None)).Clock);
        return await _store.ReadJobsAsync(shard, ids, CancellationToken.None);
    }

    private async Task<T> Resend<T>(Func<ValueTask<T>> send, Action<Exception> failed)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return await send();
            }
            catch (StoreUnavailableException e) when (_time.GetElapsedTime(started) < _resend)
            {
                failed(e);
                await Task.Delay(ResendPause, _time);
            }
        }
    }

    /// <summary>A lost answer costs a gap in the sequence, which is fine.</summary>
    private async Task<IReadOnlyList<SequenceBlock>> TakeSequence(IReadOnlyList<int> counts)
    {
        var block = await Resend(() => _store.TakeSequenceAsync(counts.Sum(), CancellationToken.None), _logger.SequenceAskedAgain);
        Clock.Observe(block.Clock);
        var results = new SequenceBlock[counts.Count];
        var next = block.First;
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = block with { First = next };
            next += counts[i];
        }

        return results;
    }
}

using OrleansJobGrid.Storage;

namespace OrleansJobGrid.TestKit.Stores;

/// <summary>What an armed <see cref="FaultyJobStore"/> does to a call.</summary>
public enum StoreFault
{
    /// <summary>Throws <see cref="StoreUnavailableException"/>; the call never reaches the store.</summary>
    ThrowBefore,

    /// <summary>The call takes effect, then <see cref="StoreUnavailableException"/> is thrown: a lost answer.</summary>
    ThrowAfter,

    /// <summary>The call never reaches the store and never answers; only its cancellation ends the wait.</summary>
    DropBefore,

    /// <summary>The call takes effect and never answers; only its cancellation ends the wait.</summary>
    DropAfter,

    /// <summary>The call reaches the store late.</summary>
    Delay,
}

/// <summary>A call on its way to the store.</summary>
/// <param name="Method">The method's name, as in <see cref="IJobStore"/>.</param>
/// <param name="Shard">The shard, or -1 where the method has none.</param>
/// <param name="Batch">The operations of <see cref="IJobStore.ApplyAsync"/>, else empty.</param>
public sealed record StoreCall(string Method, int Shard, IReadOnlyList<JobOperation> Batch);

/// <summary>Stands before a store and, armed, treats the calls that fit as a broken network would. Thread-safe.</summary>
/// <param name="inner">The store.</param>
/// <param name="time">Measures <see cref="StoreFault.Delay"/>.</param>
/// <param name="leaveOpen">Whether the store is not disposed with this one.</param>
public sealed class FaultyJobStore(IJobStore inner, TimeProvider time, bool leaveOpen = false) : IJobStore
{
    private readonly Lock _lock = new();
    private readonly List<Arming> _armed = [];
    private int _struck;

    private sealed class Arming(StoreFault fault, int times, TimeSpan delay, Func<StoreCall, bool> when)
    {
        public StoreFault Fault => fault;
        public TimeSpan Delay => delay;
        public int Left = times;
        public bool Fits(StoreCall call) => when(call);
    }

    /// <summary>How many calls met a fault so far.</summary>
    public int Struck => Volatile.Read(ref _struck);

    /// <inheritdoc/>
    public StoreDescription Description => inner.Description;

    /// <inheritdoc/>
    public int ShardCount => inner.ShardCount;

    /// <summary>Arms a fault for the next calls that fit; what was armed first strikes first.</summary>
    /// <param name="fault">What happens.</param>
    /// <param name="times">To how many calls; -1: until <see cref="Disarm"/>.</param>
    /// <param name="when">To which calls; null: to each <see cref="IJobStore.ApplyAsync"/>.</param>
    /// <param name="delay">For <see cref="StoreFault.Delay"/>.</param>
    public void Arm(StoreFault fault, int times = 1, Func<StoreCall, bool>? when = null, TimeSpan delay = default)
    {
        lock (_lock)
            _armed.Add(new Arming(fault, times, delay, when ?? (call => call.Method == nameof(ApplyAsync))));
    }

    /// <summary>Ends all faults; calls that are dropped stay dropped.</summary>
    public void Disarm()
    {
        lock (_lock)
            _armed.Clear();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => leaveOpen ? ValueTask.CompletedTask : inner.DisposeAsync();

    /// <inheritdoc/>
    public ValueTask<ApplyAnswer> ApplyAsync(int shard, IReadOnlyList<JobOperation> batch, CancellationToken cancellationToken) =>
        Through(new(nameof(ApplyAsync), shard, batch), () => inner.ApplyAsync(shard, batch, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredJob?>> ReadJobsAsync(int shard, IReadOnlyList<string> jobIds, CancellationToken cancellationToken) =>
        Through(new(nameof(ReadJobsAsync), shard, []), () => inner.ReadJobsAsync(shard, jobIds, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ReadEventsAsync(int shard, string jobId, CancellationToken cancellationToken) =>
        Through(new(nameof(ReadEventsAsync), shard, []), () => inner.ReadEventsAsync(shard, jobId, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IndexPage> ReadIndexAsync(
        int shard, string index, IndexPosition? after, bool descending, int limit, CancellationToken cancellationToken) =>
        Through(
            new(nameof(ReadIndexAsync), shard, []),
            () => inner.ReadIndexAsync(shard, index, after, descending, limit, cancellationToken),
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<long>> CountIndexesAsync(int shard, IReadOnlyList<string> indexes, CancellationToken cancellationToken) =>
        Through(new(nameof(CountIndexesAsync), shard, []), () => inner.CountIndexesAsync(shard, indexes, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReadyMark>> ReadReadyMarksAsync(CancellationToken cancellationToken) =>
        Through(new(nameof(ReadReadyMarksAsync), -1, []), () => inner.ReadReadyMarksAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ReadyPage> ReadReadyAsync(int shard, string queue, string? cursor, CancellationToken cancellationToken) =>
        Through(new(nameof(ReadReadyAsync), shard, []), () => inner.ReadReadyAsync(shard, queue, cursor, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<long, string>> ReadSignaturesAsync(int shard, CancellationToken cancellationToken) =>
        Through(new(nameof(ReadSignaturesAsync), shard, []), () => inner.ReadSignaturesAsync(shard, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, long>> ReadCountersAsync(CancellationToken cancellationToken) =>
        Through(new(nameof(ReadCountersAsync), -1, []), () => inner.ReadCountersAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<SequenceBlock> TakeSequenceAsync(int count, CancellationToken cancellationToken) =>
        Through(new(nameof(TakeSequenceAsync), -1, []), () => inner.TakeSequenceAsync(count, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<SessionAnswer> WriteSessionAsync(SessionRecord session, TimeSpan lease, CancellationToken cancellationToken) =>
        Through(new(nameof(WriteSessionAsync), -1, []), () => inner.WriteSessionAsync(session, lease, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<SessionPage> ReadSessionsAsync(CancellationToken cancellationToken) =>
        Through(new(nameof(ReadSessionsAsync), -1, []), () => inner.ReadSessionsAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask MarkSessionEndedAsync(string sessionId, CancellationToken cancellationToken) =>
        await Through(
            new(nameof(MarkSessionEndedAsync), -1, []),
            () => Done(inner.MarkSessionEndedAsync(sessionId, cancellationToken)),
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask RemoveSessionAsync(string sessionId, CancellationToken cancellationToken) =>
        await Through(
            new(nameof(RemoveSessionAsync), -1, []),
            () => Done(inner.RemoveSessionAsync(sessionId, cancellationToken)),
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<PassMark> MarkPassAsync(string name, CancellationToken cancellationToken) =>
        Through(new(nameof(MarkPassAsync), -1, []), () => inner.MarkPassAsync(name, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<string> AgreeAsync(string name, string proposal, CancellationToken cancellationToken) =>
        Through(new(nameof(AgreeAsync), -1, []), () => inner.AgreeAsync(name, proposal, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredDocument>> ReadDocumentsAsync(string collection, CancellationToken cancellationToken) =>
        Through(new(nameof(ReadDocumentsAsync), -1, []), () => inner.ReadDocumentsAsync(collection, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DocumentAnswer> WriteDocumentAsync(
        string collection, string key, long expectedVersion, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken) =>
        Through(
            new(nameof(WriteDocumentAsync), -1, []),
            () => inner.WriteDocumentAsync(collection, key, expectedVersion, body, cancellationToken),
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask SetOutboxAsync(int shard, long capacity, CancellationToken cancellationToken) =>
        await Through(new(nameof(SetOutboxAsync), shard, []), () => Done(inner.SetOutboxAsync(shard, capacity, cancellationToken)), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<OutboxPage> ReadOutboxAsync(int shard, long after, int limit, CancellationToken cancellationToken) =>
        Through(new(nameof(ReadOutboxAsync), shard, []), () => inner.ReadOutboxAsync(shard, after, limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask TrimOutboxAsync(int shard, long through, CancellationToken cancellationToken) =>
        await Through(new(nameof(TrimOutboxAsync), shard, []), () => Done(inner.TrimOutboxAsync(shard, through, cancellationToken)), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ShardDump> DumpAsync(int shard, CancellationToken cancellationToken) =>
        Through(new(nameof(DumpAsync), shard, []), () => inner.DumpAsync(shard, cancellationToken), cancellationToken);

    private static async ValueTask<bool> Done(ValueTask task)
    {
        await task;
        return true;
    }

    private async ValueTask<T> Through<T>(StoreCall call, Func<ValueTask<T>> send, CancellationToken cancellationToken)
    {
        var arming = Strike(call);
        switch (arming?.Fault)
        {
            case null:
                return await send();
            case StoreFault.ThrowBefore:
                throw new StoreUnavailableException($"Armed fault: {call.Method} did not reach the store.");
            case StoreFault.ThrowAfter:
                await send();
                throw new StoreUnavailableException($"Armed fault: the answer of {call.Method} was lost.");
            case StoreFault.Delay:
                await Task.Delay(arming.Delay, time, cancellationToken);
                return await send();
            case StoreFault.DropAfter:
                await send();
                break;
        }
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        throw new OperationCanceledException(cancellationToken);
    }

    private Arming? Strike(StoreCall call)
    {
        lock (_lock)
        {
            var arming = _armed.Find(a => a.Fits(call));
            if (arming is null)
                return null;
            if (arming.Left > 0 && --arming.Left == 0)
                _armed.Remove(arming);
            _struck++;
            return arming;
        }
    }
}

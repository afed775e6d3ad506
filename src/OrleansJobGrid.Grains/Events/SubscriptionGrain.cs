using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Events;

/// <inheritdoc cref="ISubscriptionGrain"/>
/// <remarks>
/// Each shard is a lane of its own: what cannot be delivered holds up its lane only. The cursor is written after the delivery, so a crash
/// between the two delivers again; two activations at once deliver twice, and the cursor's version lets one of them write.
/// </remarks>
[Reentrant, GrainType("jobgrid.subscription")]
internal sealed class SubscriptionGrain(
    IJobStore store, Storage.StoreClock clock, Deliveries deliveries, LongPolls polls, IOptions<JobGridOptions> options, TimeProvider time, ILogger<SubscriptionGrain> logger)
    : Grain, ISubscriptionGrain
{
    private const int MostAtOnce = 100;

    private readonly EventOptions _options = options.Value.Events;
    private SubscriptionRecord? _record;
    private EventFilter _filter = new([]);
    private Lane[] _lanes = [];
    private long _cursorVersion;
    private bool _loaded;
    private bool _moving;
    private Task _pump = Task.CompletedTask;
    private TaskCompletionSource _poked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string Name => this.GetPrimaryKeyString();

    private sealed class Lane(int shard, long done)
    {
        public int Shard => shard;

        /// <summary>The number up to which everything is delivered.</summary>
        public long Done = done;

        /// <summary>Pointers a delivery; one after a refusal, to find the one that is meant.</summary>
        public int Size = MostAtOnce;

        /// <summary>Refusals of the one that stands at the head.</summary>
        public int Refusals;
        public int Faults;
        public long NotBefore;
        public string? Fault;
    }

    public async Task Changed()
    {
        await _pump;
        _loaded = false;
        Wake();
    }

    public Task Poke()
    {
        Wake();
        if (_pump.IsCompleted && !_moving)
            _pump = Pump();
        return Task.CompletedTask;
    }

    public async Task<SubscriptionView?> Get()
    {
        if (!await Load())
            return null;
        // A change may come between the readings.
        var (record, lanes) = (_record!, _lanes);
        long pending = 0, oldest = long.MaxValue, now = 0;
        foreach (var lane in lanes)
        {
            var page = await store.ReadOutboxAsync(lane.Shard, lane.Done, 1, CancellationToken.None);
            now = clock.Observe(page.Clock);
            pending += page.Last - lane.Done;
            if (page.Entries is [var head])
                oldest = Math.Min(oldest, EventDocument.Of(lane.Shard, head, page.Clock)[0].At);
        }

        return new()
        {
            Name = Name,
            Deliver = record.Deliver,
            Url = record.Url,
            Stream = record.Deliver == DeliveryKinds.RedisStream ? (store as IEventStreams)?.AddressOf(Name) : null,
            Types = record.Types,
            CreatedAt = record.CreatedAt,
            Position = EventPosition.Format(lanes.Select(l => l.Done)),
            Pending = pending,
            LagMs = oldest == long.MaxValue ? 0 : Math.Max(0, now - oldest),
            Fault = lanes.Select(l => l.Fault).FirstOrDefault(f => f is not null),
            DeadLetters = (await Dead()).Count,
        };
    }

    public async Task<EventPage?> Read(string? after, int limit, TimeSpan wait)
    {
        if (!await Load())
            return null;
        var from = after is null ? [.. _lanes.Select(l => l.Done)] : EventPosition.Parse(after, store.ShardCount);
        var until = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
        while (true)
        {
            // Taken first: what is written while this reads ends the wait.
            var poked = _poked.Task;
            var page = await ReadOnce(from, limit);
            var left = time.GetElapsedTime(time.GetTimestamp(), until);
            if (page.Events.Count > 0 || left <= TimeSpan.Zero || _record is null)
                return page;
            // What it does not take is passed at once.
            if (page.Position == EventPosition.Format(from))
                await polls.Wait(poked, left);
            from = EventPosition.Parse(page.Position, store.ShardCount);
        }
    }

    public async Task<SubscriptionView?> Move(string position)
    {
        _moving = true;
        try
        {
            // A delivery that ends later would move it from where it then stands.
            await _pump;
            return await Load() ? await MoveTo(position) : null;
        }
        finally
        {
            _moving = false;
        }
    }

    private async Task<SubscriptionView?> MoveTo(string position)
    {
        var to = position is EventPosition.Now or EventPosition.Oldest ? null : EventPosition.Parse(position, store.ShardCount);
        var pages = await Task.WhenAll(_lanes.Select(l => store.ReadOutboxAsync(l.Shard, 0, 1, CancellationToken.None).AsTask()));
        if (to is not null && to.Zip(pages).Any(p => p.First > p.Second.Last))
            throw new ArgumentException($"'{position}' lies beyond the newest event: take a position that was given.", nameof(position));
        foreach (var lane in _lanes)
        {
            lane.Done = to is not null ? to[lane.Shard] : position == EventPosition.Now ? pages[lane.Shard].Last : pages[lane.Shard].First - 1;
            (lane.Size, lane.Refusals, lane.Faults, lane.NotBefore, lane.Fault) = (MostAtOnce, 0, 0, 0, null);
        }

        await WriteCursor();
        return await Get();
    }

    public async Task<IReadOnlyList<DeadEvent>?> DeadLetters() => await Load()
        ? [.. (await Dead()).Select(d => new DeadEvent(d.Key, d.Record.At, d.Record.Tries, d.Record.Reason, [.. d.Record.Events.Select(e => e.Utf8)]))]
        : null;

    public Task<DeadEventsAnswer?> Redeliver(string? key) => OfDead(key, "delivered", async (document, record) =>
    {
        var fault = await deliveries.Deliver(Name, _record!, [.. record.Events.Select(e => new EventDocument(e.Id, e.Type, e.At, e.Utf8))]);
        if (fault is null)
            return await Drop(document);
        var again = record with { At = clock.Now, Tries = record.Tries + 1, Reason = fault.Reason };
        await store.WriteDocumentAsync(SubscriptionStore.Dead, document.Key, document.Version, SubscriptionStore.Write(again), CancellationToken.None);
        return false;
    });

    public Task<DeadEventsAnswer?> Discard(string? key) => OfDead(key, "dropped", (document, _) => Drop(document));

    private async Task<DeadEventsAnswer?> OfDead(string? key, string done, Func<StoredDocument, DeadEventRecord, Task<bool>> work)
    {
        if (!await Load())
            return null;
        var all = await Dead();
        var meant = all.Where(d => key is null || d.Key == key).ToList();
        if (key is not null && meant.Count == 0)
            return new(0, all.Count, $"There is no dead letter '{key}' of subscription '{Name}'.");
        var count = 0;
        foreach (var dead in meant)
            count += await work(dead.Document, dead.Record) ? 1 : 0;
        return new(count, all.Count - count, $"{count} of {meant.Count} dead letters are {done}.");
    }

    private async Task<bool> Drop(StoredDocument document) =>
        (await store.WriteDocumentAsync(SubscriptionStore.Dead, document.Key, document.Version, null, CancellationToken.None)).Written;

    private async Task<List<(string Key, DeadEventRecord Record, StoredDocument Document)>> Dead()
    {
        var prefix = SubscriptionStore.DeadKey(Name, "");
        return [.. (await store.ReadDocumentsAsync(SubscriptionStore.Dead, CancellationToken.None))
            .Where(d => d.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(d => (d.Key[prefix.Length..], SubscriptionStore.Read<DeadEventRecord>(d), d))
            .OrderBy(d => d.Item2.At).ThenBy(d => d.Item1, StringComparer.Ordinal)];
    }

    private void Wake()
    {
        var poked = _poked;
        _poked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        poked.SetResult();
    }

    /// <summary>False: there is no such subscription.</summary>
    private async Task<bool> Load()
    {
        if (_loaded)
            return _record is not null;
        var record = await store.Find(SubscriptionStore.Subscriptions, Name);
        var cursor = await store.Find(SubscriptionStore.Cursors, Name);
        if (_loaded)
            return _record is not null;
        _record = record is null || cursor is null ? null : SubscriptionStore.Read<SubscriptionRecord>(record);
        _filter = new(_record?.Types ?? []);
        _cursorVersion = cursor?.Version ?? 0;
        _lanes = _record is null ? [] : [.. SubscriptionStore.Read<SubscriptionCursor>(cursor!).Numbers.Select((n, shard) => new Lane(shard, n))];
        _loaded = true;
        return _record is not null;
    }

    private async Task WriteCursor()
    {
        var answer = await store.WriteDocumentAsync(
            SubscriptionStore.Cursors, Name, _cursorVersion, SubscriptionStore.Write(new SubscriptionCursor([.. _lanes.Select(l => l.Done)])), CancellationToken.None);
        if (answer.Written)
            _cursorVersion = answer.Version;
        else
            // Another activation delivers as well, or the subscription ended: what is stored holds.
            _loaded = false;
    }

    /// <summary>The shards' events in the order of their times, as far as each has been read.</summary>
    private async Task<EventPage> ReadOnce(long[] from, int limit)
    {
        var pages = await Task.WhenAll(from.Select((n, shard) => store.ReadOutboxAsync(shard, n, limit, CancellationToken.None).AsTask()));
        var place = from.ToArray();
        var heads = new List<(long Number, IReadOnlyList<EventDocument> Events)>[pages.Length];
        for (var shard = 0; shard < pages.Length; shard++)
        {
            heads[shard] = [.. pages[shard].Entries.Select(e => (e.Number, EventDocument.Of(shard, e, pages[shard].Clock)))];
            if (Missed(shard, place[shard], pages[shard]) is { } gap)
                heads[shard].Insert(0, (pages[shard].First - 1, [gap]));
        }

        var events = new List<EventItem>();
        var next = new int[pages.Length];
        while (events.Count < limit)
        {
            var shard = Enumerable.Range(0, pages.Length).Where(s => next[s] < heads[s].Count).OrderBy(s => heads[s][next[s]].Events[0].At).FirstOrDefault(-1);
            if (shard < 0)
                break;
            var (number, of) = heads[shard][next[shard]++];
            var taken = of.Where(_filter.Takes).ToList();
            // The place moves with the last of them: whoever comes back after the first gets the others again, and it.
            for (var i = 0; i < taken.Count; i++)
            {
                if (i == taken.Count - 1)
                    place[shard] = number;
                events.Add(new(EventPosition.Format(place), taken[i].Utf8));
            }

            place[shard] = number;
        }

        return new(events, EventPosition.Format(place));
    }

    private static EventDocument? Missed(int shard, long done, OutboxPage page) => page.First <= done + 1
        ? null
        : EventDocument.OfGap(shard, done + 1, page.First - 1, page.Clock, "The subscription came so far behind that the grid does not keep these events any more, or it was not there while they happened.");

    private async Task Pump()
    {
        try
        {
            if (!await Load() || _record!.Deliver == DeliveryKinds.Feed)
                return;
            while (true)
            {
                var moved = await Task.WhenAll(_lanes.Select(Step));
                if (!moved.Any(m => m))
                    return;
                await WriteCursor();
                if (!_loaded)
                    return;
            }
        }
        catch (Exception e)
        {
            _loaded = false;
            logger.PumpFailed(Name, e);
        }
    }

    /// <summary>One delivery of a lane; whether it moved.</summary>
    private async Task<bool> Step(Lane lane)
    {
        if (lane.NotBefore > time.GetTimestamp())
            return false;
        var page = await store.ReadOutboxAsync(lane.Shard, lane.Done, lane.Size, CancellationToken.None);
        clock.Observe(page.Clock);
        var gap = Missed(lane.Shard, lane.Done, page);
        if (page.Entries.Count == 0 && gap is null)
            return false;
        var events = page.Entries.SelectMany(e => EventDocument.Of(lane.Shard, e, page.Clock)).Where(_filter.Takes).ToList();
        if (gap is not null)
            events.Insert(0, gap);
        var fault = events.Count == 0 ? null : await deliveries.Deliver(Name, _record!, events);
        var through = page.Entries.Count > 0 ? page.Entries[^1].Number : page.First - 1;
        if (fault is null)
        {
            (lane.Done, lane.Size, lane.Refusals, lane.Faults, lane.Fault) = (through, Math.Min(lane.Size * 2, MostAtOnce), 0, 0, null);
            return true;
        }

        lane.Fault = fault.Reason;
        if (fault.Refused && page.Entries.Count > 1)
        {
            lane.Size = 1;
        }
        else if (fault.Refused && ++lane.Refusals >= _options.MaxTries && await GiveUp(lane, events, fault))
        {
            (lane.Done, lane.Refusals, lane.Faults, lane.Fault) = (through, 0, 0, null);
            return true;
        }

        var pause = _options.Backoff * Math.Pow(2, Math.Min(lane.Faults++, 20));
        lane.NotBefore = time.GetTimestamp() + (long)((pause < _options.LongestBackoff ? pause : _options.LongestBackoff).TotalSeconds * time.TimestampFrequency);
        return false;
    }

    /// <summary>False: no more dead letters are kept, so the lane holds.</summary>
    private async Task<bool> GiveUp(Lane lane, List<EventDocument> events, DeliveryFault fault)
    {
        if ((await store.ReadDocumentsAsync(SubscriptionStore.Dead, CancellationToken.None)).Count >= SubscriptionStore.MostDead)
        {
            lane.Fault = $"{SubscriptionStore.MostDead} dead letters are kept, and no more: deliver or discard them. {fault.Reason}";
            return false;
        }

        var dead = new DeadEventRecord(clock.Now, lane.Refusals, fault.Reason, [.. events.Select(e => new DeadEventBody(e.Id, e.Type, e.At, e.Utf8))]);
        // Where it is there already, an earlier moment wrote it and could not write the cursor.
        await store.WriteDocumentAsync(SubscriptionStore.Dead, SubscriptionStore.DeadKey(Name, $"{lane.Shard}.{lane.Done + 1}"), 0, SubscriptionStore.Write(dead), CancellationToken.None);
        logger.GivenUp(Name, string.Join(", ", events.Select(e => e.Id)), lane.Refusals, fault.Reason);
        return true;
    }
}

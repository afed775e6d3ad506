using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Outbound;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Events;

/// <inheritdoc cref="ISubscriptionCatalogGrain"/>
[GrainType("jobgrid.subscriptions")]
internal sealed partial class SubscriptionCatalogGrain(
    IJobStore store, Storage.StoreClock clock, IOptions<JobGridOptions> options, TimeProvider time, ILogger<SubscriptionCatalogGrain> logger) : Grain, ISubscriptionCatalogGrain
{
    private const int Most = 100;
    private const int SecretBytes = 32;

    /// <summary>So often none must be seen before the outbox is closed: another activation may be making one.</summary>
    private const int EmptyLooks = 2;
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Reload = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LagLook = TimeSpan.FromSeconds(5);

    private readonly EventOptions _options = options.Value.Events;
    private readonly HashSet<string> _lagging = new(StringComparer.Ordinal);
    private IReadOnlyList<string>? _names;
    private long[]? _trimmed;
    private int _empty;
    private long _lastPass;
    private long _lastReload;
    private long _lastLook;

    public async Task<SubscriptionAnswer> Put(SubscriptionSpec spec)
    {
        if (Refusal(spec) is var (field, message))
            return new(null, Field: field, Message: message);
        var stored = await store.Find(SubscriptionStore.Subscriptions, spec.Name);
        var before = stored is null ? null : SubscriptionStore.Read<SubscriptionRecord>(stored);
        if (before is null && (await Names()).Count >= Most)
            return new(null, Field: "name", Message: $"names a new subscription, and {Most} are kept: delete one");
        string? fresh = null;
        if (spec.Deliver == DeliveryKinds.Http && before?.Secret is null)
            fresh = Deliveries.SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));
        if (before is null)
            await Begin(spec);
        var record = SubscriptionRecord.Of(spec, before?.CreatedAt ?? clock.Now, before?.Secret ?? fresh);
        await Write(SubscriptionStore.Subscriptions, spec.Name, stored, SubscriptionStore.Write(record));
        // Where another activation closed it meanwhile, the number that the closing took is a gap to this one.
        if (before is null)
            await Open(_options.Capacity);
        _names = await Names();
        var grain = GrainFactory.GetGrain<ISubscriptionGrain>(spec.Name);
        await grain.Changed();
        return new(await grain.Get(), before is null, fresh);
    }

    public async Task<bool> Delete(string name)
    {
        if (await store.Find(SubscriptionStore.Subscriptions, name) is not { } stored)
            return false;
        await Write(SubscriptionStore.Subscriptions, name, stored, null);
        if (await store.Find(SubscriptionStore.Cursors, name) is { } cursor)
            await Write(SubscriptionStore.Cursors, name, cursor, null);
        var prefix = SubscriptionStore.DeadKey(name, "");
        foreach (var dead in (await store.ReadDocumentsAsync(SubscriptionStore.Dead, CancellationToken.None)).Where(d => d.Key.StartsWith(prefix, StringComparison.Ordinal)))
            await store.WriteDocumentAsync(SubscriptionStore.Dead, dead.Key, dead.Version, null, CancellationToken.None);
        await GrainFactory.GetGrain<ISubscriptionGrain>(name).Changed();
        _names = await Names();
        if (_names.Count == 0)
            await Open(0);
        return true;
    }

    public async Task<IReadOnlyList<SubscriptionView>> List()
    {
        var views = await Task.WhenAll((await Names()).Select(n => GrainFactory.GetGrain<ISubscriptionGrain>(n).Get()));
        return [.. views.OfType<SubscriptionView>()];
    }

    public async Task Poke()
    {
        if (_lastPass != 0 && time.GetElapsedTime(_lastPass) < LeastPause)
            return;
        try
        {
            await Pass();
        }
        catch (Exception e)
        {
            _names = null;
            logger.KeeperFailed(e);
        }

        _lastPass = time.GetTimestamp();
    }

    private async Task Pass()
    {
        if (_names is null || time.GetElapsedTime(_lastReload) >= Reload)
        {
            var known = _names;
            _names = await Names();
            _lastReload = time.GetTimestamp();
            if (_names.Count > 0)
            {
                // After a start, a change by another activation, or another setting of its capacity.
                if (known is null or [])
                    await Open(_options.Capacity);
                _empty = 0;
                await Trim();
            }
            else if (++_empty == EmptyLooks)
            {
                await Open(0);
            }
        }

        foreach (var name in _names)
            GrainFactory.GetGrain<ISubscriptionGrain>(name).Poke().Ignore();
        if (time.GetElapsedTime(_lastLook) < LagLook)
            return;
        _lastLook = time.GetTimestamp();
        foreach (var view in await List())
            Alert(view);
    }

    private void Alert(SubscriptionView view)
    {
        if (view.LagMs < _options.LagAlert.TotalMilliseconds)
        {
            if (_lagging.Remove(view.Name))
                logger.CaughtUp(view.Name);
        }
        else if (_lagging.Add(view.Name))
        {
            logger.Lags(view.Name, view.LagMs / 1000, view.Pending, view.Fault ?? (view.Deliver == DeliveryKinds.Feed ? "nobody acknowledges its events." : "they come faster than they are delivered."));
        }
    }

    private async Task<IReadOnlyList<string>> Names() =>
        [.. (await store.ReadDocumentsAsync(SubscriptionStore.Subscriptions, CancellationToken.None)).Select(d => d.Key).Order(StringComparer.Ordinal)];

    private async Task Open(long capacity)
    {
        for (var shard = 0; shard < store.ShardCount; shard++)
            await store.SetOutboxAsync(shard, capacity, CancellationToken.None);
    }

    /// <summary>Opens the outbox, and only then finds the place from which on nothing is missed.</summary>
    private async Task Begin(SubscriptionSpec spec)
    {
        await Open(_options.Capacity);
        var numbers = new long[store.ShardCount];
        for (var shard = 0; shard < numbers.Length; shard++)
        {
            var page = await store.ReadOutboxAsync(shard, 0, 1, CancellationToken.None);
            clock.Observe(page.Clock);
            numbers[shard] = spec.From == EventPosition.Oldest ? page.First - 1 : page.Last;
        }

        await Write(SubscriptionStore.Cursors, spec.Name, await store.Find(SubscriptionStore.Cursors, spec.Name), SubscriptionStore.Write(new SubscriptionCursor(numbers)));
    }

    /// <summary>Drops what every subscription has.</summary>
    private async Task Trim()
    {
        var cursors = (await store.ReadDocumentsAsync(SubscriptionStore.Cursors, CancellationToken.None))
            .Where(d => _names!.Contains(d.Key)).Select(d => SubscriptionStore.Read<SubscriptionCursor>(d).Numbers).ToList();
        if (cursors.Count < _names!.Count)
            return;
        _trimmed ??= new long[store.ShardCount];
        for (var shard = 0; shard < store.ShardCount; shard++)
        {
            var slowest = cursors.Min(c => c[shard]);
            if (slowest <= _trimmed[shard])
                continue;
            await store.TrimOutboxAsync(shard, slowest, CancellationToken.None);
            _trimmed[shard] = slowest;
        }
    }

    private async Task Write(string collection, string key, StoredDocument? before, byte[]? body)
    {
        var answer = await store.WriteDocumentAsync(collection, key, before?.Version ?? 0, body is null ? (ReadOnlyMemory<byte>?)null : body, CancellationToken.None);
        if (!answer.Written)
            throw new StoreUnavailableException($"The subscription '{key}' was changed by another one at this moment: look at it, and try again.");
    }

    private (string Field, string Message)? Refusal(SubscriptionSpec spec)
    {
        if (!NameForm().IsMatch(spec.Name))
            return ("name", "is no name of a subscription: 1 to 64 of A-Z a-z 0-9 . _ -");
        if (!DeliveryKinds.All.Contains(spec.Deliver))
            return ("deliver", $"is none of {string.Join(", ", DeliveryKinds.All)}");
        if (spec.From is not (EventPosition.Now or EventPosition.Oldest))
            return ("from", "is neither now nor oldest");
        if (spec.Types.FirstOrDefault(t => !TypeForm().IsMatch(t)) is { } type)
            return ("types", $"has '{AllowedAddress.Short(type)}': give types such as job.completed, or job.* and saga.*");
        if (spec.Deliver == DeliveryKinds.Http)
        {
            if (spec.Url is null)
                return ("url", "is missing: give the address that events are posted to");
            return AllowedAddress.Check(spec.Url, _options.Allow, "JobGrid:Events:Allow", out var refused) is null ? ("url", "is refused: " + refused!.TrimEnd('.')) : null;
        }

        if (spec.Url is not null)
            return ("url", $"is only for deliver: {DeliveryKinds.Http}");
        return spec.Deliver == DeliveryKinds.RedisStream && store is not IEventStreams
            ? ("deliver", $"is {DeliveryKinds.RedisStream}, and the store of this grid is {store.Description.Kind}: take {DeliveryKinds.Http} or {DeliveryKinds.Feed}, or run the grid on Redis")
            : null;
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex NameForm();

    [GeneratedRegex(@"^(job|saga)\.(\*|[a-z_]{1,64})$")]
    private static partial Regex TypeForm();
}

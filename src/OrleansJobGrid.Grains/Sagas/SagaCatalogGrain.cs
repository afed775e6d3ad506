using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Sagas.Definitions;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Sagas;

/// <inheritdoc cref="ISagaCatalogGrain"/>
[StatelessWorker, Reentrant, GrainType("jobgrid.saga-catalog")]
internal sealed class SagaCatalogGrain(IJobStore store, StoreLanes lanes) : Grain, ISagaCatalogGrain
{
    private const string Collection = "saga-definitions";

    public async Task<SagaPage> List(string? status, string? name, string? cursor, int limit)
    {
        var index = name is not null ? SagaStore.Definition(name) : status is not null ? SagaStore.Status(status) : SagaStore.All;
        var after = Parse(cursor);
        var views = new List<SagaView>();
        for (var read = 0; read < StoreLimits.ReadPage;)
        {
            var pages = await Task.WhenAll(Enumerable.Range(0, store.ShardCount).Select(
                shard => store.ReadIndexAsync(shard, index, after, descending: true, limit, CancellationToken.None).AsTask()));
            var page = pages.SelectMany(p => p.Entries).OrderByDescending(e => e.Score).ThenByDescending(e => e.JobId, StringComparer.Ordinal).Take(limit).ToList();
            var records = await Task.WhenAll(page.Select(e => lanes.Read(e.JobId)));
            foreach (var (entry, stored) in page.Zip(records))
            {
                read++;
                after = entry;
                if (SagaStore.SagaOf(entry.JobId) is not { } id || stored is null)
                    continue;
                var (run, definition) = SagaStore.Read(id, stored.Record);
                if (status is not null && run.Status.Name() != status)
                    continue;
                views.Add(SagaDocument.ViewOf(id, stored.Version, run, definition));
                if (views.Count == limit)
                    return new(views, Format(entry));
            }

            if (page.Count < limit)
                return new(views, null);
        }

        return new(views, Format(after!.Value));
    }

    public async Task<IReadOnlyList<SagaEventView>?> Events(string sagaId, long from)
    {
        var key = SagaStore.KeyOf(sagaId);
        var events = await store.ReadEventsAsync(lanes.ShardOf(key), key, CancellationToken.None);
        if (events.Count == 0)
            return null;
        return [.. events.Select(SagaStore.ReadEvent).Where(e => e.Sequence >= from).Select(e => new SagaEventView(e.Sequence, e.Type, e.At, e.Step, e.Unit, e.Try, e.Reason))];
    }

    public async Task<SagaDefinitionView> Register(string definition)
    {
        var name = SagaReader.Read(definition, out var faults)?.Name ?? throw new ArgumentException(string.Join("; ", faults), nameof(definition));
        while (true)
        {
            var newest = (await All()).Where(d => d.Name == name).MaxBy(d => d.Version);
            if (newest is not null && JsonNode.DeepEquals(JsonNode.Parse(newest.Definition), JsonNode.Parse(definition)))
                return newest;
            var clock = (await lanes.TakeSequence(1)).Clock;
            var fresh = new SagaDefinitionView(name, (newest?.Version ?? 0) + 1, clock, definition);
            var body = JsonSerializer.SerializeToUtf8Bytes(new StoredDefinition(clock, definition));
            // Another one may register at this moment: then there is a newer version to look at.
            if ((await store.WriteDocumentAsync(Collection, $"{name}@{fresh.Version}", 0, body, CancellationToken.None)).Written)
                return fresh;
        }
    }

    public async Task<SagaDefinitionView?> Definition(string name, int? version) =>
        (await All()).Where(d => d.Name == name && (version is null || d.Version == version)).MaxBy(d => d.Version);

    public async Task<IReadOnlyList<SagaDefinitionView>> Definitions() =>
        [.. (await All()).GroupBy(d => d.Name).Select(g => g.MaxBy(d => d.Version)!).OrderBy(d => d.Name, StringComparer.Ordinal)];

    private async Task<List<SagaDefinitionView>> All()
    {
        var all = new List<SagaDefinitionView>();
        foreach (var document in await store.ReadDocumentsAsync(Collection, CancellationToken.None))
        {
            var at = document.Key.LastIndexOf('@');
            var stored = JsonSerializer.Deserialize<StoredDefinition>(document.Body.Span)!;
            all.Add(new(document.Key[..at], int.Parse(document.Key.AsSpan(at + 1), CultureInfo.InvariantCulture), stored.RegisteredAt, stored.Definition));
        }

        return all;
    }

    private static string Format(IndexPosition position) => position.Score.ToString(CultureInfo.InvariantCulture) + "~" + SagaStore.SagaOf(position.JobId);

    private static IndexPosition? Parse(string? cursor)
    {
        if (cursor is null)
            return null;
        var split = cursor.IndexOf('~', StringComparison.Ordinal);
        if (split <= 0 || !long.TryParse(cursor.AsSpan(0, split), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var score))
            throw new ArgumentException($"'{cursor}' is no cursor of a list; take it from next_cursor, or leave it out.", nameof(cursor));
        return new(score, SagaStore.KeyOf(cursor[(split + 1)..]));
    }

    private sealed record StoredDefinition(long RegisteredAt, string Definition);
}

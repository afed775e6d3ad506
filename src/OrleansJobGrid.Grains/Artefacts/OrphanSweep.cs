using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Artefacts;

/// <summary>
/// Removes artefacts that nobody refers to and nobody used for a while: outputs and scratch pieces of jobs without a record, uploads that no
/// record names, and what writes left that were cut short.
/// </summary>
internal sealed class OrphanSweep(IJobStore store, IArtefactStore artefacts, TimeProvider time)
{
    private const int Page = 500;

    /// <summary>Uploads looked at in one sweep; the next one goes on with the others.</summary>
    private const int MostUploads = 100_000;

    /// <summary>Removals and pages of records in a second.</summary>
    private const int Rate = 100;

    /// <summary>Looks at everything once.</summary>
    /// <param name="keep">What was used within this time stays.</param>
    /// <param name="remove">False: nothing is removed, only counted.</param>
    /// <param name="cancellationToken">Ends it between two removals.</param>
    public Task<OrphanReport> Run(TimeSpan keep, bool remove, CancellationToken cancellationToken) =>
        new Pass(store, artefacts, time, time.GetUtcNow() - keep, remove, cancellationToken).Run();

    private sealed class Pass(IJobStore store, IArtefactStore artefacts, TimeProvider time, DateTimeOffset before, bool remove, CancellationToken cancellationToken)
    {
        private readonly Dictionary<string, StoredArtefact> _uploads = new(StringComparer.Ordinal);
        private int _removedUploads;
        private int _pieces;
        private int _unfinished;
        private int _unknown;
        private long _bytes;
        private int _steps;

        public async Task<OrphanReport> Run()
        {
            var owned = new List<StoredArtefact>(Page);
            await foreach (var stored in artefacts.ListAllAsync(cancellationToken))
            {
                if (stored.LastUsed >= before)
                    continue;
                switch (stored)
                {
                    case { Kind: StoredKind.Unfinished }:
                        _unfinished += await Remove(stored);
                        break;
                    case { Owner: null }:
                        _unknown++;
                        break;
                    case { Kind: StoredKind.Upload } when _uploads.Count < MostUploads:
                        _uploads[stored.Owner] = stored;
                        break;
                    case { Kind: StoredKind.Output or StoredKind.Scratch }:
                        owned.Add(stored);
                        break;
                }

                if (owned.Count == Page)
                    await RemoveWithoutJob(owned);
            }

            await RemoveWithoutJob(owned);
            await SpareNamed();
            foreach (var upload in _uploads.Values)
                _removedUploads += await Remove(upload);
            return new(_removedUploads, _pieces, _unfinished, _bytes, _unknown);
        }

        private async Task RemoveWithoutJob(List<StoredArtefact> owned)
        {
            foreach (var shard in owned.GroupBy(o => JobShard.Of(o.Owner!, store.ShardCount)))
            {
                var ids = shard.Select(o => o.Owner!).Distinct().ToList();
                var records = await store.ReadJobsAsync(shard.Key, ids, cancellationToken);
                var gone = ids.Where((_, i) => records[i] is null).ToHashSet(StringComparer.Ordinal);
                foreach (var orphan in shard.Where(o => gone.Contains(o.Owner!)))
                    _pieces += await Remove(orphan);
            }

            owned.Clear();
        }

        /// <summary>Reads all records. A job that comes meanwhile marked its uploads before, and what was marked is not removed.</summary>
        private async Task SpareNamed()
        {
            for (var shard = 0; shard < store.ShardCount && _uploads.Count > 0; shard++)
            {
                IndexPosition? after = null;
                IReadOnlyList<IndexPosition> entries;
                do
                {
                    entries = (await store.ReadIndexAsync(shard, JobIndexes.All, after, false, Page, cancellationToken)).Entries;
                    if (entries.Count == 0)
                        break;
                    foreach (var job in await store.ReadJobsAsync(shard, [.. entries.Select(e => e.JobId)], cancellationToken))
                    {
                        if (job is not null)
                            UploadNames.Find(job.Record.Span, id => _uploads.Remove(id));
                    }

                    after = entries[^1];
                    await Pace();
                }
                while (entries.Count == Page);
            }
        }

        /// <summary>1: it was removed, or would have been.</summary>
        private async Task<int> Remove(StoredArtefact orphan)
        {
            if (remove)
            {
                await Pace();
                if (!await artefacts.DeleteOldAsync(orphan, before, cancellationToken))
                    return 0;
            }

            _bytes += orphan.Size;
            return 1;
        }

        private Task Pace() => ++_steps % Rate == 0 ? Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken) : Task.CompletedTask;
    }
}

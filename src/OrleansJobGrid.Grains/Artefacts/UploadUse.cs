using System.Collections.Concurrent;
using OrleansJobGrid.Artefacts;

namespace OrleansJobGrid.Grains.Artefacts;

/// <summary>
/// Marks the uploads that a submission names as in use, before the job is written: from then on either the mark or the record keeps them from
/// the sweep of orphans.
/// </summary>
internal sealed class UploadUse(IArtefactStore artefacts, TimeProvider time)
{
    /// <summary>Far below the shortest time that unused uploads are kept.</summary>
    private static readonly TimeSpan MarkAgain = TimeSpan.FromHours(6);

    private const int Remembered = 100_000;

    private readonly ConcurrentDictionary<string, long> _marked = new(StringComparer.Ordinal);

    /// <summary>Marks what the JSON names. Throws <see cref="IOException"/> where the store of artefacts does not take the mark.</summary>
    public ValueTask Mark(ReadOnlySpan<byte> json)
    {
        List<string>? named = null;
        UploadNames.Find(json, id => (named ??= []).Add(id));
        return named is null ? ValueTask.CompletedTask : new(MarkAll(named));
    }

    private async Task MarkAll(List<string> named)
    {
        foreach (var id in named.Distinct())
        {
            if (_marked.TryGetValue(id, out var at) && time.GetElapsedTime(at) < MarkAgain)
                continue;
            var now = time.GetTimestamp();
            await artefacts.TouchAsync(id, CancellationToken.None);
            if (_marked.Count >= Remembered)
                _marked.Clear();
            _marked[id] = now;
        }
    }
}

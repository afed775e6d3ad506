using OrleansJobGrid.Storage;

namespace OrleansJobGrid.TestKit.Stores.Survival;

/// <summary>
/// What <see cref="RandomWriter"/>s said before they were killed, and whether a store holds it: each acknowledged batch, and of the
/// others each as a whole or not at all.
/// </summary>
public sealed class WriterLog
{
    private const string Gone = "gone";

    // The version acknowledged last, as text; a job that was deleted, or never was, is gone.
    private readonly Dictionary<string, string> _acknowledged = [];
    private readonly Dictionary<string, Batch> _open = [];
    private readonly List<(long First, long Count)> _sequences = [];

    private sealed record Batch(int Shard, IReadOnlyList<(string JobId, string Version)> Jobs);

    /// <summary>How many batches were acknowledged.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>How many batches that were not acknowledged proved to be written, and how many not.</summary>
    public (int Written, int NotWritten) Unanswered { get; private set; }

    /// <summary>Takes one whole line; one that a kill cut off must not be passed.</summary>
    /// <returns>Whether it is an acknowledgement.</returns>
    public bool Add(string line)
    {
        var words = line.Split(' ');
        switch (words[0])
        {
            case "sent":
                _open.Add(words[1], new(int.Parse(words[2]), [.. words[3..].Select(w => w.Split('=')).Select(w => (w[0], w[1]))]));
                return false;
            case "took":
                _sequences.Add((long.Parse(words[1]), long.Parse(words[2])));
                return false;
            case "done":
                foreach (var (jobId, version) in _open[words[1]].Jobs)
                    _acknowledged[jobId] = version;
                _open.Remove(words[1]);
                Acknowledged++;
                return true;
            default:
                throw new FormatException($"The writer said: {line}");
        }
    }

    /// <summary>Compares the store with what was said; what was under way is settled by what is found, for the next round.</summary>
    /// <returns>What does not fit; empty: all does.</returns>
    public async Task<IReadOnlyList<string>> CompareAsync(IJobStore store, CancellationToken cancellationToken)
    {
        var stored = new Dictionary<string, string>();
        for (var shard = 0; shard < store.ShardCount; shard++)
            foreach (var job in (await store.DumpAsync(shard, cancellationToken)).Jobs)
                stored[job.JobId] = $"{job.Version}";
        var faults = new List<string>();
        foreach (var (number, batch) in _open)
        {
            var written = batch.Jobs.Count(job => stored.GetValueOrDefault(job.JobId, Gone) == job.Version);
            if (written != 0 && written != batch.Jobs.Count)
                faults.Add($"Batch {number} in shard {batch.Shard} was written in part: {written} of {batch.Jobs.Count} operations.");
            Unanswered = written == 0 ? (Unanswered.Written, Unanswered.NotWritten + 1) : (Unanswered.Written + 1, Unanswered.NotWritten);
            if (written > 0)
                foreach (var (jobId, version) in batch.Jobs)
                    _acknowledged[jobId] = version;
        }
        _open.Clear();
        foreach (var (jobId, version) in _acknowledged)
            if (stored.GetValueOrDefault(jobId, Gone) is var found && found != version)
                faults.Add($"Job {jobId}: version {version} was acknowledged, {found} is stored.");
        foreach (var jobId in stored.Keys.Where(id => !_acknowledged.ContainsKey(id)))
            faults.Add($"Job {jobId} is stored and was never sent.");
        var end = 0L;
        foreach (var (first, count) in _sequences.Order())
        {
            if (first < end)
                faults.Add($"The numbers from {first} were given twice.");
            end = first + count;
        }
        return faults;
    }
}

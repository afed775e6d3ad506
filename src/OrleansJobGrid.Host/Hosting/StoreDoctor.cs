using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Operations;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Opens and checks a store for <c>jobgrid doctor</c>.</summary>
public static class StoreDoctor
{
    /// <summary>Opens the store that a grid with these options would use.</summary>
    public static Task<IJobStore> OpenAsync(GridOptions options, CancellationToken cancellationToken) => GridStores.OpenAsync(options, cancellationToken);

    /// <summary>Compares records with indexes, writes one line a fault and a summary, and returns how many faults there are.</summary>
    public static async Task<int> RunAsync(IJobStore store, TextWriter output, CancellationToken cancellationToken)
    {
        var counts = new SortedDictionary<JobStatus, int>();
        var faults = await StoreChecker.Check(store, (_, record) => counts[record.Status] = counts.GetValueOrDefault(record.Status) + 1, cancellationToken);
        foreach (var fault in faults)
            await output.WriteLineAsync(fault);
        await output.WriteLineAsync($"Jobs: {counts.Values.Sum()}{string.Concat(counts.Select(c => $", {c.Value} {c.Key.Name()}"))}. Faults: {faults.Count}.");
        return faults.Count;
    }
}

using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Opens and checks a store for <c>jobgrid doctor</c>.</summary>
public static class StoreDoctor
{
    /// <summary>Opens the store that a grid with these options would use.</summary>
    public static Task<IJobStore> OpenAsync(GridOptions options, CancellationToken cancellationToken) =>
        throw new JobStoreException("Opening a store is not built into this version yet.");

    /// <summary>Compares records with indexes, writes one line a fault, and returns how many there are.</summary>
    public static Task<int> RunAsync(IJobStore store, TextWriter output, CancellationToken cancellationToken) =>
        throw new JobStoreException("The checker is not built into this version yet.");
}

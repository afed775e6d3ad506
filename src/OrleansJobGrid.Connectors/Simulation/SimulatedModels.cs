using System.Collections.Concurrent;

namespace OrleansJobGrid.Connectors.Simulation;

/// <summary>Models that simulated jobs have loaded, by the GPU they ran on, or by their worker where it has none.</summary>
internal sealed class SimulatedModels(int kept, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Shelf> _shelves = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Of(ModelPlace place) => _shelves.TryGetValue(KeyOf(place.Gpu, place.Worker), out var shelf) ? shelf.Models : [];

    public long Loads(ModelPlace place) => _shelves.TryGetValue(KeyOf(place.Gpu, place.Worker), out var shelf) ? shelf.Loads : 0;

    /// <summary>Uses a model; where it is not loaded, that takes its time, and the one used longest ago may have to go.</summary>
    public async Task Use(IJobContext context, string model, TimeSpan load, CancellationToken cancellationToken)
    {
        var shelf = _shelves.GetOrAdd(KeyOf(context.Gpu, context.Worker), _ => new());
        await shelf.Gate.WaitAsync(cancellationToken);
        try
        {
            if (!shelf.Models.Contains(model))
            {
                if (load > TimeSpan.Zero)
                    await Task.Delay(load, time, cancellationToken);
                shelf.Loads++;
            }

            shelf.Models = [.. shelf.Models.Where(m => m != model).Prepend(model).Take(kept)];
        }
        finally
        {
            shelf.Gate.Release();
        }
    }

    private static string KeyOf(string? gpu, string? worker) => gpu ?? worker ?? "";

    private sealed class Shelf
    {
        private long _loads;
        private volatile IReadOnlyList<string> _models = [];

        /// <summary>A device loads one model at a time.</summary>
        public SemaphoreSlim Gate { get; } = new(1, 1);

        /// <summary>The one used last first.</summary>
        public IReadOnlyList<string> Models { get => _models; set => _models = value; }

        public long Loads { get => Interlocked.Read(ref _loads); set => Interlocked.Exchange(ref _loads, value); }
    }
}

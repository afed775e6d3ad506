using OrleansJobGrid.Grains.Queues;

namespace OrleansJobGrid.Benchmarks.Simulation;

/// <summary>A simulated day of a queue.</summary>
internal sealed record DaySettings
{
    /// <summary>Length of the day, h: the load's curve is stretched over it.</summary>
    public double Hours { get; init; } = 24;

    /// <summary>Workers, a quarter of each GPU class (16, 24, 48, 80 GB).</summary>
    public int Workers { get; init; } = 50;

    /// <summary>Models, of 4 to 40 GB, their popularity after Zipf.</summary>
    public int Models { get; init; } = 40;

    /// <summary>Weights of the customers; each offers as much as the others.</summary>
    public IReadOnlyList<double> Weights { get; init; } = [1, 2, 4];

    /// <summary>Jobs offered at the peak, as a multiple of what the workers can do where they seldom load a model.</summary>
    public double PeakLoad { get; init; } = 2.1;

    public int Seed { get; init; } = 1;

    public bool Fair { get; init; }

    public bool Affinity { get; init; }

    public QueuePolicy Policy => new()
    {
        Fair = Fair,
        Affinity = Affinity,
        Customers = Weights.Select((w, c) => (Name: DayWorld.CustomerName(c), Terms: new CustomerTerms(w))).ToDictionary(c => c.Name, c => c.Terms),
    };
}

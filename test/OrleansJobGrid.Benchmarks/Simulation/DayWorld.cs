namespace OrleansJobGrid.Benchmarks.Simulation;

/// <summary>The models, workers and jobs of a simulated day, the same for the same seed whatever the policy.</summary>
internal sealed class DayWorld
{
    public const string Service = "render";
    private const double Spread = 0.5;
    private const double LoadAllowanceSeconds = 10;
    private static readonly int[] Classes = [16, 24, 48, 80];

    /// <summary>Load over the day, as (part of the day, part of the peak): quiet nights, overloaded in the middle.</summary>
    private static readonly (double At, double Load)[] Curve = [(0, 0.05), (0.29, 0.05), (0.42, 1), (0.58, 1), (0.71, 0.05), (1, 0.05)];

    private readonly Random _random;

    public DayWorld(DaySettings settings)
    {
        _random = new(settings.Seed);
        // Sizes and medians spread evenly over their ranges, in random order beside the popularity.
        var sizes = Spaced(settings.Models, 4, 40);
        var medians = Spaced(settings.Models, 20, 90);
        Models = [.. Enumerable.Range(0, settings.Models).Select(m => new DayModel(m, Math.Round(sizes[m] * 2) / 2, medians[m]))];
        Workers = [.. Enumerable.Range(0, settings.Workers).Select(w => new DayWorker(w, Classes[w % Classes.Length], Models))];
        Jobs = Arrivals(settings);
    }

    public IReadOnlyList<DayModel> Models { get; }

    public IReadOnlyList<DayWorker> Workers { get; }

    /// <summary>In the order of arrival.</summary>
    public IReadOnlyList<DayJob> Jobs { get; }

    public static string CustomerName(int customer) => $"customer-{customer}";

    private double[] Spaced(int count, double from, double to)
    {
        var values = Enumerable.Range(0, count).Select(i => from * Math.Pow(to / from, i / (count - 1.0))).ToArray();
        _random.Shuffle(values);
        return values;
    }

    private List<DayJob> Arrivals(DaySettings settings)
    {
        var shares = Enumerable.Range(1, settings.Models).Select(rank => 1.0 / rank).ToArray();
        var total = shares.Sum();
        var meanSeconds = Models.Sum(m => m.MedianSeconds * Math.Exp(Spread * Spread / 2) * shares[m.Index] / total);
        var peakPerMs = settings.PeakLoad * settings.Workers / (meanSeconds + LoadAllowanceSeconds) / 1_000;
        var (length, at, jobs) = (settings.Hours * 3_600_000, 0.0, new List<DayJob>());
        while (true)
        {
            // Thinning: as many as at the peak, of which the curve keeps its part.
            at -= Math.Log(1 - _random.NextDouble()) / peakPerMs;
            if (at >= length)
                return jobs;
            if (_random.NextDouble() >= LoadAt(at / length))
                continue;
            var model = Models[Pick(shares, total)];
            var run = model.MedianSeconds * Math.Exp(Spread * Normal());
            jobs.Add(new(jobs.Count + 1, _random.Next(settings.Weights.Count), model.Index, (long)at, (long)(1_000 * run)));
        }
    }

    private static double LoadAt(double part)
    {
        var next = Array.FindIndex(Curve, c => c.At >= part);
        if (next <= 0)
            return Curve[0].Load;
        var (a, b) = (Curve[next - 1], Curve[next]);
        return a.Load + ((b.Load - a.Load) * (part - a.At) / (b.At - a.At));
    }

    private int Pick(double[] shares, double total)
    {
        var left = _random.NextDouble() * total;
        for (var i = 0; i < shares.Length - 1; i++)
        {
            left -= shares[i];
            if (left < 0)
                return i;
        }

        return shares.Length - 1;
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}

namespace OrleansJobGrid.Grains.Queues;

/// <summary>What runs of jobs of one kind (service, models, size) showed: their run time and their GPU memory, of the last 32 runs.</summary>
internal sealed class LearnedKind
{
    private const int Kept = 32;

    private readonly List<double> _seconds = [];
    private readonly List<long> _memory = [];

    /// <summary>How long an out-of-memory raises the floor for all jobs of its kind: then one of them tries again.</summary>
    public static readonly TimeSpan FloorAge = TimeSpan.FromMinutes(10);

    /// <summary>Runs that the figures come from, at most 32.</summary>
    public int Measured => _seconds.Count;

    /// <summary>Middle run time, seconds; null: none was measured.</summary>
    public double? P50Seconds { get; private set; }

    /// <summary>90th percentile of the run time, seconds.</summary>
    public double? P90Seconds { get; private set; }

    /// <summary>The most GPU memory that a run took, MB; 0: not known.</summary>
    public long PeakMb { get; private set; }

    /// <summary>Memory that a device must have for the kind since one with less ran out, MB; 0: none did.</summary>
    public long FloorMb { get; private set; }

    /// <summary>Until when that holds, Unix ms.</summary>
    public long FloorUntil { get; private set; }

    public void Completed(double seconds, long? memoryMb)
    {
        Keep(_seconds, seconds);
        List<double> sorted = [.. _seconds.Order()];
        P50Seconds = sorted[(sorted.Count - 1) / 2];
        P90Seconds = sorted[(int)Math.Ceiling(0.9 * sorted.Count) - 1];
        if (memoryMb is not > 0)
            return;
        Keep(_memory, memoryMb.Value);
        PeakMb = _memory.Max();
    }

    /// <summary>A run had this much memory to itself, and it was not enough.</summary>
    public void RanOut(long hadMb, long clock)
    {
        FloorMb = Math.Max(clock < FloorUntil ? FloorMb : 0, hadMb + 1);
        FloorUntil = clock + (long)FloorAge.TotalMilliseconds;
    }

    /// <summary>Memory that a job of this kind is taken to need where nobody says, MB; 0: not known.</summary>
    public long NeededMb(long clock) => Math.Max(PeakMb, clock < FloorUntil ? FloorMb : 0);

    public LearnedRuns Snapshot() => new([.. _seconds.Select(s => Math.Round(s, 3))], [.. _memory], FloorMb, FloorUntil);

    public void Restore(LearnedRuns runs)
    {
        foreach (var seconds in runs.Seconds)
            Completed(seconds, null);
        foreach (var memory in runs.MemoryMb)
            Keep(_memory, memory);
        PeakMb = _memory.Count == 0 ? 0 : _memory.Max();
        (FloorMb, FloorUntil) = (runs.FloorMb, runs.FloorUntil);
    }

    private static void Keep<T>(List<T> list, T value)
    {
        if (list.Count == Kept)
            list.RemoveAt(0);
        list.Add(value);
    }
}

/// <summary>What a <see cref="LearnedKind"/> rests on, as stored.</summary>
public sealed record LearnedRuns(IReadOnlyList<double> Seconds, IReadOnlyList<long> MemoryMb, long FloorMb, long FloorUntil);

namespace OrleansJobGrid.Workers.Gpu;

/// <summary>How much GPU memory a further job may count on.</summary>
internal static class GpuFreeMemory
{
    /// <summary>
    /// What is free, MB, 0 at least. A job just granted does not show in a reading yet, and one that runs shows with what it has so far;
    /// so neither the reading nor the sum of the envelopes is trusted beyond the other. Null: not known.
    /// </summary>
    /// <param name="free">By the last reading; null: there is none.</param>
    /// <param name="total">All that the worker may use; null: not known.</param>
    /// <param name="envelopes">What the jobs that it holds are taken to need, in all.</param>
    public static long? Of(long? free, long? total, long envelopes)
    {
        var left = total - envelopes;
        var least = free < left ? free : left ?? free;
        return least is { } known ? Math.Max(0, known) : null;
    }
}

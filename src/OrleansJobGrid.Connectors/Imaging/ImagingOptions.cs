namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Settings of <see cref="ImagingConnector"/>.</summary>
public sealed record ImagingOptions
{
    /// <summary>
    /// Where pictures are computed: <c>cpu</c>; <c>auto</c> (default), the GPU of the job's worker, and the CPU where it has none or the CUDA
    /// driver does not show it; <c>cuda</c>, the GPU of the job's worker or else the first CUDA device, and an error where there is none; a GPU's
    /// uuid (<c>GPU-…</c>, as <c>nvidia-smi -L</c> shows it), likewise. A result says which it was.
    /// </summary>
    public string Device { get; init; } = "auto";

    /// <summary>
    /// Threads that the CPU device computes with, 1 to 64; default one a core. Pixels do not depend on it.
    /// </summary>
    public int Threads { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 64);

    /// <summary>
    /// Awaited after a tile row was computed, kept and offered as a checkpoint, with the number of tile rows done so far;
    /// null: nothing. What it throws ends the attempt.
    /// </summary>
    public Func<int, CancellationToken, ValueTask>? TileRowKept { get; init; }
}

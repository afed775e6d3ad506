namespace OrleansJobGrid.Workers.Gpu;

/// <summary>
/// What an attempt took on its GPU, as far as that can be told from outside: by how much the memory in use rose while it ran there
/// alone. A reading a second misses shorter peaks, so what a connector knows itself comes before it.
/// </summary>
internal sealed class GpuWatch(string gpu, long? usedBefore, Action<GpuWatch> end) : IDisposable
{
    private readonly Lock _lock = new();
    private long? _highest;
    private bool _shared;

    public string Gpu { get; } = gpu;

    /// <summary>MB; null: no reading since it began, or another attempt ran beside it.</summary>
    public long? PeakMb
    {
        get
        {
            lock (_lock)
                return _shared || usedBefore is null || _highest is null ? null : Math.Max(0, _highest.Value - usedBefore.Value);
        }
    }

    public void Read(long used)
    {
        lock (_lock)
            _highest = Math.Max(_highest ?? used, used);
    }

    /// <summary>Another attempt runs there too: nobody can say whose memory it is.</summary>
    public void Share()
    {
        lock (_lock)
            _shared = true;
    }

    public void Dispose() => end(this);
}

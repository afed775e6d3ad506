using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Workers.Gpu;

/// <summary>Keeps the last reading of each GPU: one a second, by a thread that may block, since a driver may take its time.</summary>
internal sealed class GpuMonitor(IGpuProbe probe, TimeProvider time, ILogger<GpuMonitor> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>A reading that takes so long is a fault.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>After so long without one the GPUs count as gone: a driver that does not answer runs no work either.</summary>
    private static readonly TimeSpan Gone = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (GpuReading Reading, string? Driver, bool Listed, string? Fault)> _seen = new(StringComparer.Ordinal);
    private readonly List<GpuWatch> _watches = [];
    private string? _fault;
    private long _readAt = time.GetTimestamp();
    private bool _faultLogged;

    /// <summary>The GPU as it was read last; null: it was never seen.</summary>
    public GpuState? Of(string? uuid)
    {
        lock (_lock)
        {
            if (uuid is null || !_seen.TryGetValue(uuid, out var seen))
                return null;
            var age = time.GetElapsedTime(_readAt);
            var old = (seen.Listed ? null : seen.Fault)
                ?? _fault
                ?? (age > Patience ? $"no reading for {age.TotalSeconds:0} s" : null)
                ?? (seen.Listed ? null : "the driver does not list it any more");
            return new(seen.Reading, seen.Driver, old ?? seen.Fault, IsOld: old is not null, IsGone: !seen.Listed || age >= Gone);
        }
    }

    /// <summary>Reads on until <paramref name="over"/>.</summary>
    public async Task Run(CancellationToken over)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(over))
                await Task.Run(Read, CancellationToken.None).WaitAsync(over);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Nobody asks any more.
        }
    }

    /// <summary>Reads once; a fault is kept, and shown with the reading before it.</summary>
    public void Read()
    {
        GpuProbeResult? result = null;
        Exception? thrown = null;
        try
        {
            result = probe.Read();
        }
        catch (Exception e)
        {
            thrown = e;
        }

        lock (_lock)
        {
            Keep(result, thrown);
            if (_fault is not null && !_faultLogged)
                logger.GpuFault(_fault, thrown);
            else if (_fault is null && _faultLogged)
                logger.GpuFaultOver();
            _faultLogged = _fault is not null;
        }
    }

    /// <summary>Takes a first reading that was made before the monitor.</summary>
    public void Begin(GpuProbeResult first)
    {
        lock (_lock)
            Keep(first, null);
    }

    /// <summary>Watches what an attempt takes on a GPU; null: it has none.</summary>
    public GpuWatch? Watch(string? uuid)
    {
        if (uuid is null)
            return null;
        lock (_lock)
        {
            var usedNow = _seen.TryGetValue(uuid, out var seen) && _fault is null ? seen.Reading.MemoryUsedMb : (long?)null;
            var watch = new GpuWatch(uuid, usedNow, End);
            var others = _watches.Where(w => w.Gpu == uuid).ToList();
            others.ForEach(w => w.Share());
            if (others.Count > 0)
                watch.Share();
            _watches.Add(watch);
            return watch;
        }
    }

    private static string? FaultOf(string uuid, GpuProbeResult result)
    {
        var faults = result.Faults.Where(f => f.Uuid == uuid).Select(f => f.Message).ToList();
        return faults.Count == 0 ? null : string.Join(' ', faults);
    }

    private void End(GpuWatch watch)
    {
        lock (_lock)
            _watches.Remove(watch);
    }

    private void Unlist(GpuProbeResult result)
    {
        foreach (var uuid in _seen.Keys.ToList())
            _seen[uuid] = _seen[uuid] with { Listed = false, Fault = FaultOf(uuid, result) };
    }

    private void Keep(GpuProbeResult? result, Exception? thrown)
    {
        if (result is null)
        {
            _fault = $"the probe failed: {thrown?.Message}";
            return;
        }

        if (result.Gpus.Count == 0 && _seen.Count > 0)
        {
            _fault = $"the driver lists no GPU any more: {result.Absence}";
            Unlist(result);
            return;
        }

        (_fault, _readAt) = (null, time.GetTimestamp());
        Unlist(result);
        foreach (var gpu in result.Gpus)
        {
            _seen[gpu.Uuid] = (gpu, result.DriverVersion, true, FaultOf(gpu.Uuid, result));
            foreach (var watch in _watches.Where(w => w.Gpu == gpu.Uuid))
                watch.Read(gpu.MemoryUsedMb);
        }
    }
}

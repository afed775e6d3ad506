using ILGPU.Runtime;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>The devices that jobs of this process run on: each is opened once, by the first job that needs it, and anew after it failed.</summary>
/// <param name="choose">Which device it is for a worker's GPU (see <see cref="DeviceChoice.Choose"/>); where the second is true, the CPU will not do.</param>
/// <param name="open">Opens a GPU; null: the CPU.</param>
internal sealed class ImagingDevices(Func<string?, bool, (CudaFound? Chosen, string? Note)> choose, Func<CudaFound?, ImagingDevice> open) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Shared Shared, string? Note)> _chosen = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _wereGpus = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Hands out a device; disposing the answer gives it back.</summary>
    /// <param name="gpu">Uuid of the worker's GPU; null: it has none.</param>
    /// <exception cref="ImagingDeviceException">There is no such device.</exception>
    /// <exception cref="AcceleratorException">It could not be opened.</exception>
    public Use Enter(string? gpu)
    {
        string key = gpu ?? "";
        lock (_lock)
        {
            if (!_chosen.TryGetValue(key, out (Shared Shared, string? Note) chosen))
            {
                (CudaFound? found, string? note) = choose(gpu, _wereGpus.Contains(key));
                if (found is not null)
                    _wereGpus.Add(key);
                chosen = (Find(found) ?? new Shared(found, open(found)), note);
                _chosen.Add(key, chosen);
            }

            chosen.Shared.Users++;
            return new Use(this, chosen.Shared, chosen.Note);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Shared shared in _chosen.Values.Select(c => c.Shared).Distinct())
                shared.Device.Dispose();
            _chosen.Clear();
        }
    }

    /// <summary>The open device that another worker's jobs run on already.</summary>
    private Shared? Find(CudaFound? found) => _chosen.Values.Select(c => c.Shared).FirstOrDefault(s => s.Found?.Uuid == found?.Uuid);

    private void Retire(Shared broken)
    {
        lock (_lock)
        {
            broken.IsBroken = true;
            foreach (string key in _chosen.Where(c => c.Value.Shared == broken).Select(c => c.Key).ToList())
                _chosen.Remove(key);
        }
    }

    private void Leave(Shared shared)
    {
        bool close;
        lock (_lock)
            close = --shared.Users == 0 && shared.IsBroken;
        if (!close)
            return;
        try
        {
            shared.Device.Dispose();
        }
        catch (AcceleratorException)
        {
            // What failed cannot always be closed; the failure itself was reported, and the end of the process frees the rest.
        }
    }

    /// <summary>A job's use of a device.</summary>
    internal sealed class Use(ImagingDevices devices, Shared shared, string? note) : IDisposable
    {
        public ImagingDevice Device => shared.Device;

        /// <summary>Why it is the CPU where that may surprise; null: it does not.</summary>
        public string? Note => note;

        /// <summary>It failed: jobs that come later get a new one, and it is closed when the last that has it leaves.</summary>
        public void Broke() => devices.Retire(shared);

        public void Dispose() => devices.Leave(shared);
    }

    internal sealed class Shared(CudaFound? found, ImagingDevice device)
    {
        public CudaFound? Found => found;

        public ImagingDevice Device => device;

        public int Users { get; set; }

        public bool IsBroken { get; set; }
    }
}

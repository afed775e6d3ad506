namespace OrleansJobGrid.Workers.Gpu;

/// <summary>
/// Looks at the GPUs by NVML, the driver's management library (NVIDIA, "NVML API Reference Guide"). The library is loaded and
/// initialized with the first reading that finds it, and stays so.
/// </summary>
public sealed class NvmlProbe : IGpuProbe
{
    private readonly Lock _reading = new();
    private readonly INvml _nvml;
    private readonly Dictionary<uint, string> _uuids = [];
    private bool _initialized;

    /// <summary>A probe of this machine. Nothing is loaded before <see cref="Read"/>.</summary>
    public NvmlProbe()
        : this(new NvmlLibrary())
    {
    }

    internal NvmlProbe(INvml nvml) => _nvml = nvml;

    /// <inheritdoc/>
    public GpuProbeResult Read()
    {
        lock (_reading)
        {
            // Once more where another user of the library in this process has shut it down.
            return TryRead() ?? TryRead() ?? Absent(NvmlCode.Uninitialized);
        }
    }

    /// <summary>Null: the library is not initialized any more.</summary>
    private GpuProbeResult? TryRead()
    {
        int code = _initialized ? NvmlCode.Success : _nvml.Init();
        _initialized = code == NvmlCode.Success;
        string? driver = null;
        uint count = 0;
        if (code == NvmlCode.Success)
            code = _nvml.DriverVersion(out driver);
        if (code == NvmlCode.Success)
            code = _nvml.DeviceCount(out count);
        if (code == NvmlCode.Success)
            return ReadGpus(driver, count);
        return Lost(code) ? null : Absent(code);
    }

    private GpuProbeResult? ReadGpus(string? driver, uint count)
    {
        List<GpuReading> gpus = [];
        List<GpuFault> faults = [];
        for (uint index = 0; index < count; index++)
        {
            var reader = new NvmlDeviceReader(_nvml, index, _uuids.GetValueOrDefault(index));
            if (reader.Read() is { } gpu)
            {
                gpus.Add(gpu);
                _uuids[index] = gpu.Uuid;
            }
            if (Lost(reader.StoppedBy))
                return null;
            faults.AddRange(reader.Faults);
        }
        var absence = gpus.Count > 0 ? null
            : count == 0 ? $"the driver {driver} shows no GPU"
            : $"no GPU answers: {faults[0].Message}";
        return new(driver, gpus, absence) { Faults = faults };
    }

    /// <summary>Notes that the next reading must initialize the library again.</summary>
    private bool Lost(int code)
    {
        if (code != NvmlCode.Uninitialized || !_initialized)
            return false;
        _initialized = false;
        return true;
    }

    private static GpuProbeResult Absent(int code) => new(null, [], NvmlCode.Absence(code));
}

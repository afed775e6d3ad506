namespace OrleansJobGrid.Workers.Gpu;

/// <summary>Reads one GPU, once.</summary>
internal sealed class NvmlDeviceReader(INvml nvml, uint index, string? knownUuid)
{
    private const ulong Megabyte = 1024 * 1024;

    private readonly List<GpuFault> _faults = [];
    private string? _uuid = knownUuid;
    private string? _name;

    /// <summary>The code that ended the reading before its end; <see cref="NvmlCode.Success"/>: none did.</summary>
    public int StoppedBy { get; private set; }

    /// <summary>What could not be read and should have been; what a card does not support is no fault.</summary>
    public IReadOnlyList<GpuFault> Faults => _faults;

    /// <summary>The reading; null: the GPU is lost, or does not give what every GPU gives.</summary>
    public GpuReading? Read()
    {
        if (!Needs(nvml.Handle(index, out var device), "its handle"))
            return null;
        if (!Needs(nvml.Uuid(device, out var uuid), "its uuid"))
            return null;
        _uuid = uuid;
        if (!Needs(nvml.Name(device, out _name), "its name") || !Needs(nvml.Memory(device, out var memory), "its memory"))
            return null;
        var reading = new GpuReading
        {
            Uuid = _uuid!,
            Index = (int)index,
            Name = _name!,
            MemoryTotalMb = (long)(memory.Total / Megabyte),
            MemoryFreeMb = (long)(memory.Free / Megabyte),
            MemoryUsedMb = (long)(memory.Used / Megabyte),
        };
        if (Gives(nvml.ComputeCapability(device, out var major, out var minor), "its compute capability"))
        {
            reading = reading with
            {
                Architecture = GpuArchitecture.Of(major, minor),
                ComputeCapability = GpuArchitecture.Capability(major, minor),
            };
        }
        if (Gives(nvml.Utilization(device, out var percent), "its utilization"))
            reading = reading with { UtilizationPercent = (int)percent };
        if (Gives(nvml.Temperature(device, out var celsius), "its temperature"))
            reading = reading with { TemperatureCelsius = (int)celsius };
        if (Gives(nvml.ComputeProcesses(device, out var processes), "its processes"))
            reading = reading with { Processes = [.. processes.Select(ToProcess)] };

        // A GPU that was lost on the way must not look as if it were there.
        return StoppedBy == NvmlCode.Success ? reading : null;
    }

    private static GpuProcess ToProcess(NvmlProcessMemory process) => new(
        (int)process.Pid, process.UsedBytes == NvmlProcessMemory.NotAvailable ? null : (long)(process.UsedBytes / Megabyte));

    private bool Needs(int code, string what)
    {
        if (code != NvmlCode.Success)
            Stop(code, what);
        return code == NvmlCode.Success;
    }

    private bool Gives(int code, string what)
    {
        switch (code)
        {
            case NvmlCode.Success:
                return true;
            case NvmlCode.NotSupported or NvmlCode.FunctionNotFound or NvmlCode.NoPermission:
                return false;
            case NvmlCode.GpuIsLost or NvmlCode.ResetRequired or NvmlCode.Uninitialized:
                Stop(code, what);
                return false;
            default:
                _faults.Add(Fault(code, what));
                return false;
        }
    }

    private void Stop(int code, string what)
    {
        if (StoppedBy != NvmlCode.Success)
            return;
        StoppedBy = code;
        _faults.Add(Fault(code, what));
    }

    private GpuFault Fault(int code, string what)
    {
        var known = string.Join(", ", new[] { _uuid, _name }.Where(part => part is not null));
        var gpu = known.Length == 0 ? $"GPU {index}" : $"GPU {index} ({known})";
        return new((int)index, _uuid, $"{gpu}: asked for {what}, the driver answers with {NvmlCode.Describe(code)}");
    }
}

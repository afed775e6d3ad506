namespace OrleansJobGrid.Workers.Gpu;

/// <summary>
/// The calls of NVML that the probe makes, one method a call. Each gives the library's own code (<see cref="NvmlCode"/>), and in the
/// out parameters its raw values, which mean nothing unless the code is <see cref="NvmlCode.Success"/>.
/// </summary>
internal interface INvml
{
    /// <summary><c>nvmlInit_v2</c>; <see cref="NvmlCode.LibraryNotFound"/>: the library is not there.</summary>
    int Init();

    /// <summary><c>nvmlSystemGetDriverVersion</c>.</summary>
    int DriverVersion(out string? version);

    /// <summary><c>nvmlDeviceGetCount_v2</c>.</summary>
    int DeviceCount(out uint count);

    /// <summary><c>nvmlDeviceGetHandleByIndex_v2</c>.</summary>
    int Handle(uint index, out nint device);

    /// <summary><c>nvmlDeviceGetUUID</c>.</summary>
    int Uuid(nint device, out string? uuid);

    /// <summary><c>nvmlDeviceGetName</c>.</summary>
    int Name(nint device, out string? name);

    /// <summary><c>nvmlDeviceGetCudaComputeCapability</c>.</summary>
    int ComputeCapability(nint device, out int major, out int minor);

    /// <summary><c>nvmlDeviceGetMemoryInfo</c>, bytes.</summary>
    int Memory(nint device, out NvmlMemorySizes memory);

    /// <summary><c>nvmlDeviceGetUtilizationRates</c>, the GPU's, percent.</summary>
    int Utilization(nint device, out uint percent);

    /// <summary><c>nvmlDeviceGetTemperature</c> of the chip, degrees Celsius.</summary>
    int Temperature(nint device, out uint celsius);

    /// <summary><c>nvmlDeviceGetComputeRunningProcesses_v2</c>.</summary>
    int ComputeProcesses(nint device, out IReadOnlyList<NvmlProcessMemory> processes);
}

/// <summary>Bytes.</summary>
internal readonly record struct NvmlMemorySizes(ulong Total, ulong Free, ulong Used);

/// <summary>Bytes; <see cref="NotAvailable"/> where the driver does not tell.</summary>
internal readonly record struct NvmlProcessMemory(uint Pid, ulong UsedBytes)
{
    /// <summary><c>NVML_VALUE_NOT_AVAILABLE</c> as an unsigned number.</summary>
    public const ulong NotAvailable = ulong.MaxValue;
}

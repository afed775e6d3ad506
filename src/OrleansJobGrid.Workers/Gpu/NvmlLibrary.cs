using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.Cuda.API;

namespace OrleansJobGrid.Workers.Gpu;

/// <summary>The installed library, through ILGPU's bindings.</summary>
internal sealed class NvmlLibrary : INvml
{
    /// <summary>Room for this many processes at first; with more the driver says how many there are.</summary>
    private const int ExpectedProcesses = 32;

    // Named, because the newest-version search of the bindings throws where there is no library.
    private static readonly NvmlAPI Api = NvmlAPI.Create(NvmlAPIVersion.V6);
    private static nint s_library;

    static NvmlLibrary()
    {
        // The bindings ask Linux for libnvidia-ml.so, which only the development package installs.
        NativeLibrary.SetDllImportResolver(
            typeof(NvmlAPI).Assembly, (name, _, _) => name is "nvidia-ml.so" or "nvml" ? s_library : nint.Zero);
    }

    /// <inheritdoc/>
    public int Init()
    {
        if (s_library == nint.Zero && !NativeLibrary.TryLoad(NvmlCode.LibraryFile, out s_library))
            return NvmlCode.LibraryNotFound;
        return Call(() => Api.Init());
    }

    /// <inheritdoc/>
    public int DriverVersion(out string? version)
    {
        string? read = null;
        int code = Call(() => Api.SystemGetDriverVersion(out read));
        version = read;
        return code;
    }

    /// <inheritdoc/>
    public int DeviceCount(out uint count)
    {
        uint read = 0;
        int code = Call(() => Api.DeviceGetCount(out read));
        count = read;
        return code;
    }

    /// <inheritdoc/>
    public int Handle(uint index, out nint device)
    {
        nint read = 0;
        int code = Call(() => Api.DeviceGetHandleByIndex(index, out read));
        device = read;
        return code;
    }

    /// <inheritdoc/>
    public int Uuid(nint device, out string? uuid)
    {
        string? read = null;
        int code = Call(() => Api.DeviceGetUUID(device, out read));
        uuid = read;
        return code;
    }

    /// <inheritdoc/>
    public int Name(nint device, out string? name)
    {
        string? read = null;
        int code = Call(() => Api.DeviceGetName(device, out read));
        name = read;
        return code;
    }

    /// <inheritdoc/>
    public int ComputeCapability(nint device, out int major, out int minor)
    {
        (int Major, int Minor) read = default;
        int code = Call(() => Api.DeviceGetCudaComputeCapability(device, out read.Major, out read.Minor));
        (major, minor) = read;
        return code;
    }

    /// <inheritdoc/>
    public int Memory(nint device, out NvmlMemorySizes memory)
    {
        NvmlMemory read = default;
        int code = Call(() => Api.DeviceGetMemoryInfo(device, out read));
        memory = new(read.Total, read.Free, read.Used);
        return code;
    }

    /// <inheritdoc/>
    public int Utilization(nint device, out uint percent)
    {
        NvmlUtilization read = default;
        int code = Call(() => Api.DeviceGetUtilizationRates(device, out read));
        percent = read.Gpu;
        return code;
    }

    /// <inheritdoc/>
    public int Temperature(nint device, out uint celsius)
    {
        uint read = 0;
        int code = Call(() => Api.DeviceGetTemperature(device, NvmlTemperatureSensors.NVML_TEMPERATURE_GPU, out read));
        celsius = read;
        return code;
    }

    /// <inheritdoc/>
    public int ComputeProcesses(nint device, out IReadOnlyList<NvmlProcessMemory> processes)
    {
        uint room = ExpectedProcesses;
        while (true)
        {
            var found = new NvmlProcessInfo[room];
            uint count = room;
            int code = Call(() => Fill(device, found, ref count));
            if (code != NvmlCode.InsufficientSize)
            {
                int taken = code == NvmlCode.Success ? (int)count : 0;
                processes = [.. found.Take(taken).Select(process => new NvmlProcessMemory(process.Pid, process.UsedGpuMemory))];
                return code;
            }

            // Some room beyond, for those that start before the next call.
            room = Math.Max(room, count) * 2;
        }
    }

    private static unsafe NvmlReturn Fill(nint device, NvmlProcessInfo[] found, ref uint count)
    {
        fixed (NvmlProcessInfo* first = found)
            return Api.DeviceGetComputeRunningProcesses_v2_Interop(device, ref count, first);
    }

    /// <summary>Old drivers lack newer calls, which is an answer like another.</summary>
    private static int Call(Func<NvmlReturn> call)
    {
        try
        {
            return (int)call();
        }
        catch (EntryPointNotFoundException)
        {
            return NvmlCode.FunctionNotFound;
        }
    }
}

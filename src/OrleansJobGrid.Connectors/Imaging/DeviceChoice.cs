using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>The choice of a device, made here and nowhere else, and its opening.</summary>
internal static class DeviceChoice
{
    private const long Megabyte = 1024 * 1024;

    /// <summary>Opens the device that the settings ask for where the worker has no GPU.</summary>
    /// <exception cref="ImagingDeviceException">There is no such device.</exception>
    public static OpenDevice Open(ImagingOptions options) => Open(Choose(options.Device, CudaDriver.Look()).Chosen, options.Threads);

    /// <summary>Opens a GPU; null: the CPU.</summary>
    public static OpenDevice Open(CudaFound? chosen, int threads) => chosen is null ? OpenCpu(threads) : OpenCuda(chosen);

    /// <summary>Says which device it is: null is the CPU, with a note where that may surprise.</summary>
    /// <param name="setting">See <see cref="ImagingOptions.Device"/>.</param>
    /// <param name="survey">What the driver shows.</param>
    /// <param name="gpu">Uuid of the worker's GPU; null: it has none.</param>
    /// <param name="onlyGpu">Whether <c>auto</c> may not be the CPU, since jobs ran on the GPU before.</param>
    /// <exception cref="ImagingDeviceException">There is no such device.</exception>
    internal static (CudaFound? Chosen, string? Note) Choose(string setting, CudaSurvey survey, string? gpu = null, bool onlyGpu = false)
    {
        string there = survey.Absence ?? $"the CUDA driver shows {string.Join(", ", survey.Devices.Select(device => device.Title))}";
        CudaFound? ByUuid(string uuid) => survey.Devices.FirstOrDefault(device => string.Equals(device.Uuid, uuid, StringComparison.OrdinalIgnoreCase));
        switch (setting.ToLowerInvariant())
        {
            case "cpu":
                return (null, null);
            case "auto" when gpu is null:
                // A GPU belongs to its worker, and no other one takes of it.
                return (null, survey.Installed ? survey.Absence : null);
            case "auto":
                CudaFound? own = ByUuid(gpu);
                if (own is null && onlyGpu)
                    throw new ImagingDeviceException($"The worker's GPU {gpu}, which jobs ran on before, is not to be had: {there}.");
                return (own, own is null ? $"the worker's GPU {gpu} is not to be had: {there}" : null);
            case "cuda" when gpu is null:
                return (survey.Devices.Count > 0 ? survey.Devices[0] : throw Missing(setting, there), null);
            case "cuda":
                return (ByUuid(gpu) ?? throw Missing(setting, $"the worker's GPU {gpu} is not to be had: {there}"), null);
            case var uuid when uuid.StartsWith("gpu-", StringComparison.Ordinal):
                return (ByUuid(uuid) ?? throw Missing(setting, there), null);
            default:
                throw new ImagingDeviceException(
                    $"JobGrid:Imaging:Device is '{setting}'; it is auto, cpu, cuda, or a GPU's uuid (GPU-…, as nvidia-smi -L shows it).");
        }
    }

    /// <summary>Opens the CPU.</summary>
    internal static OpenDevice OpenCpu(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 64);

        // The simulated CPU meets at a barrier after every element of a group; groups of one thread, with as many
        // multiprocessors as threads, have nobody to wait for (measured: 7 ms a tile row instead of over 100).
        Context context = Context.Create(builder => builder.CPU(new CPUDevice(2, 1, threads)));
        CPUAccelerator accelerator = context.CreateCPUAccelerator(0, CPUAcceleratorMode.Parallel);
        return new OpenDevice(context, accelerator, DeviceKind.Cpu, "cpu") { GroupSize = 1 };
    }

    private static OpenDevice OpenCuda(CudaFound chosen)
    {
        Context context = Context.Create(builder => builder.Cuda(device => device.DeviceId == chosen.Id));
        try
        {
            CudaAccelerator accelerator = context.CreateCudaAccelerator(0);
            return new OpenDevice(context, accelerator, DeviceKind.Cuda, chosen.Title)
            {
                ReadMemory = () => new GpuMemory(accelerator.GetFreeMemory() / Megabyte, accelerator.MemorySize / Megabyte),
            };
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    private static ImagingDeviceException Missing(string setting, string why) =>
        new($"JobGrid:Imaging:Device is '{setting}', but {why}. Install the driver, name another device, or set it to cpu.");
}

/// <summary>A device that was opened.</summary>
/// <param name="Context">ILGPU's context; closed after the accelerator.</param>
/// <param name="Accelerator">Runs the kernels.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">As results name it.</param>
internal sealed record OpenDevice(Context Context, Accelerator Accelerator, DeviceKind Kind, string Name)
{
    /// <summary>Threads of a group; null: as many as the device likes best.</summary>
    public int? GroupSize { get; init; }

    /// <summary>Reads its memory now; null: the device has none of its own.</summary>
    public Func<GpuMemory>? ReadMemory { get; init; }
}

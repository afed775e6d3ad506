using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>
/// The installed CUDA driver. ILGPU's bindings are led to its file, and the two calls that they lack or hide are made here: the code
/// with which the driver starts, and a device's uuid (CUDA Driver API, <c>cuInit</c>, <c>cuDeviceGetUuid</c>).
/// </summary>
internal static class CudaDriver
{
    private const int UuidLength = 16;

    private static readonly string File = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
    private static nint s_library;

    static CudaDriver()
    {
        // The bindings ask Linux for libcuda.so, which a driver without its development files does not have.
        NativeLibrary.SetDllImportResolver(
            typeof(Context).Assembly, (name, _, _) => name is "cuda" or "nvcuda" ? s_library : nint.Zero);
    }

    /// <summary>Looks at the devices; makes no context on them.</summary>
    public static CudaSurvey Look()
    {
        if (s_library == nint.Zero && !NativeLibrary.TryLoad(File, out s_library))
            return new([], Installed: false, $"there is no CUDA driver: {File} is not installed");
        int code = Start();
        if (code != 0)
            return new([], Installed: true, $"the CUDA driver does not start: it answers with error {code} ({(CudaError)code})");
        CudaFound[] found =
        [
            .. CudaDevice.GetDevices(device => device.Architecture is not null && device.InstructionSet is not null)
                .OfType<CudaDevice>().Select(device => new CudaFound(device.DeviceId, device.Name, UuidOf(device.DeviceId))),
        ];
        return new(found, Installed: true, found.Length > 0 ? null : "the CUDA driver shows no device that kernels can be compiled for");
    }

    private static unsafe int Start()
    {
        var init = (delegate* unmanaged<uint, int>)NativeLibrary.GetExport(s_library, "cuInit");
        return init(0);
    }

    private static unsafe string UuidOf(int id)
    {
        var get = (delegate* unmanaged<int*, int, int>)NativeLibrary.GetExport(s_library, "cuDeviceGet");
        var uuid = (delegate* unmanaged<byte*, int, int>)NativeLibrary.GetExport(s_library, "cuDeviceGetUuid");
        int device;
        byte* bytes = stackalloc byte[UuidLength];
        CudaException.ThrowIfFailed((CudaError)get(&device, id));
        CudaException.ThrowIfFailed((CudaError)uuid(bytes, device));
        return Format(new ReadOnlySpan<byte>(bytes, UuidLength));
    }

    /// <summary>As NVML and nvidia-smi write it.</summary>
    internal static string Format(ReadOnlySpan<byte> uuid) => "GPU-" + new Guid(uuid, bigEndian: true).ToString("D");
}

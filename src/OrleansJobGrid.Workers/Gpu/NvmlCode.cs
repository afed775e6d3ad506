namespace OrleansJobGrid.Workers.Gpu;

/// <summary>NVML's answers (nvml.h, <c>nvmlReturn_t</c>).</summary>
internal static class NvmlCode
{
    public const int Success = 0;
    public const int Uninitialized = 1;
    public const int NotSupported = 3;
    public const int NoPermission = 4;
    public const int InsufficientSize = 7;
    public const int DriverNotLoaded = 9;
    public const int LibraryNotFound = 12;
    public const int FunctionNotFound = 13;
    public const int GpuIsLost = 15;
    public const int ResetRequired = 16;
    public const int VersionMismatch = 18;
    public const int Unknown = 999;

    /// <summary>NVML's file, which comes with the driver.</summary>
    public static string LibraryFile { get; } = OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";

    /// <summary>An answer with its meaning, such as <c>error 15 (the GPU is lost)</c>.</summary>
    public static string Describe(int code) => $"error {code} ({Meaning(code)})";

    /// <summary>Why there is no GPU where NVML does not start.</summary>
    public static string Absence(int code) => code switch
    {
        LibraryNotFound => $"no NVIDIA driver: {LibraryFile} is not installed",
        DriverNotLoaded => $"the driver answers with {Describe(code)}; load its kernel module (modprobe nvidia), or look into the kernel's log why it does not load",
        VersionMismatch => $"the driver answers with {Describe(code)}; it was changed under the running kernel: restart the machine, or load its kernel module anew",
        _ => $"the driver answers with {Describe(code)}",
    };

    private static string Meaning(int code) => code switch
    {
        Uninitialized => "not initialized",
        2 => "invalid argument",
        NotSupported => "not supported",
        NoPermission => "no permission",
        6 => "not found",
        InsufficientSize => "too little room for the answer",
        8 => "a power cable is missing",
        DriverNotLoaded => "driver not loaded",
        10 => "timeout",
        11 => "interrupt problem",
        LibraryNotFound => "library not found",
        FunctionNotFound => "the driver does not have this call",
        14 => "damaged inforom",
        GpuIsLost => "the GPU is lost: it has fallen off the bus",
        ResetRequired => "the GPU must be reset",
        17 => "the operating system blocks it",
        VersionMismatch => "driver and library have different versions",
        19 => "in use",
        20 => "out of memory",
        21 => "no data",
        Unknown => "unknown to the driver",
        _ => "see nvmlReturn_t",
    };
}

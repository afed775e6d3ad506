using System.Text.RegularExpressions;
using static OrleansJobGrid.Connectors.FailureClass;

namespace OrleansJobGrid.Connectors.Failures;

/// <summary>
/// The built-in rules, in order. What is said exactly comes before what an HTTP status says: a server out of memory answers 500, an
/// account out of credit 429. Each is tested with messages of real programs.
/// </summary>
public static partial class DefaultFailureRules
{
    /// <summary>All of them, in order.</summary>
    public static IReadOnlyList<FailureRule> All { get; } =
    [
        .. Memory(), .. Device(), .. Refusals(), .. ComfyUi(), .. Missing(), .. Limits(), .. Credentials(), .. Network(), .. Answers(), .. Requests(),
        .. Statuses(),
    ];

    private static FailureRule[] Memory() =>
    [
        new("gpu_out_of_memory_type", ResourceExhaustion, FailureReason.GpuMemoryFull) { ExceptionType = Text(@"(^|\.)(torch\.(cuda\.)?OutOfMemoryError|OOM_EXCEPTION)$") },
        new("gpu_out_of_memory", ResourceExhaustion, FailureReason.GpuMemoryFull)
        {
            Message = Text(@"\b(CUDA|HIP|XPU|ROCm|MPS backend|GPU|VRAM)( error)?:?( is| ran)? out of memory|ran out of memory on your GPU|CUDA_ERROR_OUT_OF_MEMORY|hipErrorOutOfMemory|cudaErrorMemoryAllocation|VK_ERROR_OUT_OF_DEVICE_MEMORY"),
        },
        new("gpu_library_allocation", ResourceExhaustion, FailureReason.GpuMemoryFull)
        {
            Message = Text(@"\b(CUBLAS|CUDNN|CUSOLVER|CUSPARSE|CUFFT|HIPBLAS|ROCBLAS)_(STATUS_)?ALLOC_FAILED\b|allocation on device .{0,40}would exceed allowed memory|failed to allocate memory on (the )?(GPU|device)|cudaMalloc failed|not enough (GPU|video|device) memory|\bggml_backend_cuda_buffer_type_alloc_buffer\b"),
        },
        new("gpu_out_of_memory_a1111", ResourceExhaustion, FailureReason.GpuMemoryFull) { Status = (500, 500), ExceptionType = Text("^OutOfMemoryError$") },
        new("disk_full", ResourceExhaustion, FailureReason.DiskSpaceFull)
        {
            Message = Text(@"No space left on device|\bENOSPC\b|Disk quota exceeded|\bEDQUOT\b|not enough (free )?(disk )?space|There is not enough space on the disk|disk is full"),
        },
        new("out_of_memory_type", ResourceExhaustion, FailureReason.OutOfMemory) { ExceptionType = Text(@"(^|\.)(OutOfMemoryException|InsufficientMemoryException|OutOfMemoryError|MemoryError|_ArrayMemoryError)$") },
        new("out_of_memory", ResourceExhaustion, FailureReason.OutOfMemory)
        {
            Message = Text(@"not enough memory: you tried to allocate|\bstd::bad_alloc\b|Cannot allocate memory|\bENOMEM\b|\bout of memory\b|\bOutOfMemory(Error|Exception)\b|Unable to allocate .{0,60}for an array|\bOOM[- ]?killed\b|insufficient (system )?memory|requires more system memory"),
        },
    ];

    private static FailureRule[] Device() =>
    [
        // After such an error a CUDA context is of no use until its process restarts, so a later attempt may do.
        new("gpu_fault", Transient, FailureReason.GpuError)
        {
            Message = Text(@"illegal memory access|device-side assert|unspecified launch failure|misaligned address|uncorrectable (NVLink|ECC) error|\bCUDNN_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR|NOT_INITIALIZED|MAPPING_ERROR)\b|\bCUBLAS_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR|NOT_INITIALIZED)\b|GPU is lost|fallen off the bus|\bXid\b.{0,30}\d|device(s)? (is|are) busy or unavailable|\bCUDA (driver )?error\b|\bHIP error\b|CUDA driver initialization failed|no CUDA-capable device|\bNCCL error\b|VK_ERROR_DEVICE_LOST"),
        },
    ];

    private static Regex Text(string pattern) => FailureRule.Pattern(pattern);
}

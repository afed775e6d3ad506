using OrleansJobGrid.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Failures;

/// <summary>Memory, disk and broken devices, as drivers, libraries and services say it.</summary>
public sealed class ResourceMessagesTests : ClassifierTestBase
{
    [Theory]
    // PyTorch before 2.0, before 2.2, and since; as ComfyUI adds its tips; and as the exception's type alone tells.
    [InlineData("RuntimeError", "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 8.00 GiB total capacity; 5.88 GiB already allocated; 0 bytes free; 6.09 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.  See documentation for Memory Management and PYTORCH_CUDA_ALLOC_CONF")]
    [InlineData("torch.cuda.OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.69 GiB total capacity; 21.01 GiB already allocated; 1.02 GiB free; 21.33 GiB reserved in total by PyTorch)")]
    [InlineData("torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.65 GiB of which 1.13 GiB is free. Including non-PyTorch memory, this process has 22.51 GiB memory in use. Of the allocated memory 21.91 GiB is allocated by PyTorch, and 155.21 MiB is reserved by PyTorch but unallocated.\n\nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.\n")]
    [InlineData("torch.OutOfMemoryError", "Allocation on device \n")]
    [InlineData("torch.cuda.OutOfMemoryError", "Allocation on device 0 would exceed allowed memory. (out of memory)\nCurrently allocated     : 22.73 GiB\nRequested               : 20.00 MiB\nDevice limit            : 23.99 GiB\nFree (according to CUDA): 0 bytes\nPyTorch limit (set by user-supplied memory fraction)\n                        : 23.99 GiB")]
    [InlineData(null, "Allocation on device 0 would exceed allowed memory. (out of memory)")]
    [InlineData("torch.OutOfMemoryError", "HIP out of memory. Tried to allocate 256.00 MiB. GPU 0 has a total capacity of 15.98 GiB of which 4.00 MiB is free.")]
    [InlineData("RuntimeError", "HIP out of memory. Tried to allocate 4.50 GiB (GPU 0; 11.98 GiB total capacity; 6.51 GiB already allocated; 3.98 GiB free; 7.89 GiB reserved in total by PyTorch)")]
    [InlineData("RuntimeError", "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1")]
    [InlineData("RuntimeError", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")]
    [InlineData("RuntimeError", "cuDNN error: CUDNN_STATUS_ALLOC_FAILED")]
    [InlineData("RuntimeError", "MPS backend out of memory (MPS allocated: 17.05 GiB, other allocations: 1.02 GiB, max allowed: 18.13 GiB). Tried to allocate 512.00 MiB on private pool. Use PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 to disable upper limit for memory allocations (may cause system failure).")]
    [InlineData("RuntimeError", "XPU out of memory. Tried to allocate 1.00 GiB (GPU 0; 15.91 GiB total capacity; 14.80 GiB already allocated; 15.01 GiB reserved in total by PyTorch)")]
    [InlineData("ILGPU.Runtime.Cuda.CudaException", "CUDA_ERROR_OUT_OF_MEMORY")]
    [InlineData(null, "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 5563.55 MiB on device 0: cudaMalloc failed: out of memory")]
    public void GpuMemory(string? exceptionType, string message) => Told(exceptionType, message, FailureClass.ResourceExhaustion, "gpu_memory_full");

    [Theory]
    [InlineData("RuntimeError", "[enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator: not enough memory: you tried to allocate 1073741824 bytes.")]
    [InlineData("RuntimeError", "[enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 6442450944 bytes. Error code 12 (Cannot allocate memory)")]
    [InlineData(null, "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc")]
    [InlineData("System.OutOfMemoryException", "Exception of type 'System.OutOfMemoryException' was thrown.")]
    [InlineData("System.OutOfMemoryException", "Array dimensions exceeded supported range.")]
    [InlineData("MemoryError", "")]
    [InlineData("numpy.core._exceptions._ArrayMemoryError", "Unable to allocate 4.00 GiB for an array with shape (1, 32768, 32768) and data type float32")]
    [InlineData("OSError", "[Errno 12] Cannot allocate memory")]
    [InlineData(null, "model requires more system memory (8.4 GiB) than is available (5.6 GiB)")]
    public void MachineMemory(string? exceptionType, string message) => Told(exceptionType, message, FailureClass.ResourceExhaustion, "out_of_memory");

    [Theory]
    [InlineData("OSError", "[Errno 28] No space left on device")]
    [InlineData("System.IO.IOException", "No space left on device : '/tmp/out.png'")]
    [InlineData(null, "Error: ENOSPC: no space left on device, write")]
    [InlineData("System.IO.IOException", "There is not enough space on the disk. : 'D:\\out\\a.png'")]
    [InlineData("OSError", "[Errno 122] Disk quota exceeded: '/home/user/output/a.png'")]
    public void Disk(string? exceptionType, string message) => Told(exceptionType, message, FailureClass.ResourceExhaustion, "disk_space_full");

    [Theory]
    [InlineData("RuntimeError", "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be incorrect.")]
    [InlineData("torch.AcceleratorError", "CUDA error: device-side assert triggered\nCompile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.")]
    [InlineData("RuntimeError", "CUDA error: unspecified launch failure")]
    [InlineData("RuntimeError", "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")]
    [InlineData("RuntimeError", "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa, opb, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc)`")]
    [InlineData("RuntimeError", "CUDA error: uncorrectable ECC error encountered")]
    [InlineData("RuntimeError", "CUDA error: all CUDA-capable devices are busy or unavailable")]
    [InlineData("RuntimeError", "No CUDA GPUs are available: no CUDA-capable device is detected")]
    [InlineData(null, "Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.  Reboot the system to recover this GPU")]
    [InlineData(null, "NVRM: Xid (PCI:0000:01:00): 79, pid=1234, GPU has fallen off the bus.")]
    public void BrokenDevice(string? exceptionType, string message) => Told(exceptionType, message, FailureClass.Transient, "gpu_error");

    [Fact]
    public void A1111_TellsOutOfMemoryByA500() =>
        Answered(500, """{"error":"OutOfMemoryError","detail":"","body":"","errors":"CUDA out of memory. Tried to allocate 6.00 GiB (GPU 0; 8.00 GiB total capacity; 3.21 GiB already allocated; 2.61 GiB free; 3.33 GiB reserved in total by PyTorch)"}""",
            FailureClass.ResourceExhaustion, "gpu_memory_full");

    [Fact]
    public void Ollama_TellsOutOfMemoryByA500() =>
        Answered(500, """{"error":"llama runner process has terminated: cudaMalloc failed: out of memory"}""", FailureClass.ResourceExhaustion, "gpu_memory_full");
}

using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>What is said where a device's memory is too short for a job.</summary>
internal static class GpuMemoryFailure
{
    /// <summary>The failure of a job that does not fit; null: it fits, or the device has no memory of its own.</summary>
    /// <param name="neededMb">See <see cref="ImagingEnvelope"/>.</param>
    /// <param name="memory">The device's, now.</param>
    /// <param name="device">The device's name.</param>
    public static ConnectorResult? Check(long neededMb, GpuMemory? memory, string device)
    {
        if (memory is not { } now || now.FreeMb >= neededMb)
            return null;
        string message = $"The job needs {neededMb} MB of GPU memory, and {now.FreeMb} of {now.TotalMb} MB are free on {device}; "
            + "free some there, or let it run elsewhere.";
        return ConnectorResult.Failed(Evidence(message, neededMb, memory) with { Stage = "prepare" });
    }

    /// <summary>The failure of a job whose allocation the driver refused, though it had looked as if it fitted.</summary>
    public static ConnectorResult Of(CudaException exception, long? neededMb, GpuMemory? memory, string device)
    {
        string job = neededMb is null ? "a job" : $"a job that needs {neededMb} MB";
        FailureEvidence evidence = Evidence($"{device} ran out of memory for {job}: {exception.Message}", neededMb, memory);
        return ConnectorResult.Failed(evidence with
        {
            Stage = "run",
            ExceptionType = exception.GetType().FullName,
            Stack = exception.StackTrace,
        });
    }

    /// <summary>Whether the driver said that its memory is short.</summary>
    public static bool IsOutOfMemory(AcceleratorException exception) => exception is CudaException { Error: nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY) };

    private static FailureEvidence Evidence(string message, long? neededMb, GpuMemory? memory) => new()
    {
        Message = message,
        KnownClass = FailureClass.ResourceExhaustion,
        KnownReason = FailureReason.GpuMemoryFull,
        EstimatedSizeMb = neededMb,
        GpuMemoryUsedMb = memory?.UsedMb,
        GpuMemoryTotalMb = memory?.TotalMb,
    };
}

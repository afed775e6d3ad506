using System.Reflection;
using CsCheck;
using ILGPU.Runtime.Cuda;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

public sealed class ImagingEnvelopeTests : IDisposable
{
    private const string Job = """{"operation":"denoise","inputs":["a"]}""";

    private readonly ImagingDevice _device = new(new ImagingOptions { Device = "cpu", Threads = 2 });

    public void Dispose() => _device.Dispose();

    [Fact]
    public async Task What_a_resize_takes_is_within_its_envelope()
    {
        await Gen.Select(Gen.Int[1, 300], Gen.Int[1, 900], Gen.Int[1, 300], Gen.Int[1, 900]).SampleAsync(
            async (sourceWidth, sourceHeight, width, height) =>
            {
                using var rows = new PictureResizer(_device, TestPictures.Plain(sourceWidth, sourceHeight, 0xFFFFFFFF), width, height);
                AssertWithin(await TakenAsync(rows), ImagingOperation.Resize, (sourceWidth, sourceHeight), (width, height));
            },
            iter: 40,
            threads: 1);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(300, 20)]
    [InlineData(16384, 2)]
    [InlineData(20, 300)]
    public async Task What_a_denoise_takes_is_within_its_envelope(int width, int height)
    {
        using var rows = new PictureDenoiser(_device, TestPictures.Plain(width, height, 0xFFFFFFFF), 0.1);
        AssertWithin(await TakenAsync(rows), ImagingOperation.Denoise, (width, height), (width, height));
    }

    [Theory]
    [InlineData("Denoise", 16384, 16384, 16384, 16384, 34)]
    [InlineData("Denoise", 512, 512, 512, 512, 10)]
    [InlineData("Resize", 16384, 16384, 1024, 1024, 98)]
    [InlineData("Resize", 4, 4, 4, 4, 14)]
    public void Envelopes_are_known_from_the_sizes_alone(string operation, int width, int height, int toWidth, int toHeight, long megabytes)
    {
        var asked = Enum.Parse<ImagingOperation>(operation);
        Assert.Equal(megabytes, ImagingEnvelope.GpuMemoryMb(asked, [((4, 4), (4, 4)), ((width, height), (toWidth, toHeight))]));
    }

    [Fact]
    public async Task A_job_that_does_not_fit_fails_before_it_allocates_and_says_what_it_needs_and_what_there_is()
    {
        FailedResult failure = Assert.IsType<FailedResult>(await RunAsync(() => new GpuMemory(9, 24564)));
        Assert.Equal((FailureClass.ResourceExhaustion, "gpu_memory_full"), (failure.Class, failure.Reason));
        Assert.Equal((10, 24555, 24564), (failure.Evidence.EstimatedSizeMb, failure.Evidence.GpuMemoryUsedMb, failure.Evidence.GpuMemoryTotalMb));
        Assert.StartsWith("The job needs 10 MB of GPU memory, and 9 of 24564 MB are free on cpu", failure.Message, StringComparison.Ordinal);
        Assert.Equal("prepare", failure.Evidence.Stage);
    }

    [Fact]
    public async Task A_job_that_just_fits_runs() => Assert.IsType<CompletedResult>(await RunAsync(() => new GpuMemory(10, 24564)));

    [Fact]
    public async Task An_allocation_that_the_driver_refuses_fails_the_job_likewise()
    {
        int readings = 0;
        FailedResult failure = Assert.IsType<FailedResult>(await RunAsync(
            () => new GpuMemory(readings++ == 0 ? 20 : 3, 24564),
            (_, _) => throw DriverSays(CudaError.CUDA_ERROR_OUT_OF_MEMORY)));
        Assert.Equal((FailureClass.ResourceExhaustion, "gpu_memory_full", "run"), (failure.Class, failure.Reason, failure.Evidence.Stage));
        Assert.Equal((10, 24561, 24564), (failure.Evidence.EstimatedSizeMb, failure.Evidence.GpuMemoryUsedMb, failure.Evidence.GpuMemoryTotalMb));
    }

    [Fact]
    public async Task Another_error_of_the_driver_is_no_shortage()
    {
        FailedResult failure = Assert.IsType<FailedResult>(await RunAsync(
            () => new GpuMemory(20, 24564), (_, _) => throw DriverSays(CudaError.CUDA_ERROR_ILLEGAL_ADDRESS)));
        Assert.Equal((FailureClass.Transient, "gpu_error", "run"), (failure.Class, failure.Reason, failure.Evidence.Stage));
        Assert.EndsWith("(CUDA_ERROR_ILLEGAL_ADDRESS)", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>As the constructor makes it where there is a driver; without one it has no text for the error and throws another.</summary>
    private static CudaException DriverSays(CudaError error)
    {
        var exception = new CudaException();
        typeof(CudaException).GetField("<Error>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(exception, error.ToString());
        return exception;
    }

    private static async Task<long> TakenAsync(IPictureRows rows)
    {
        await rows.ComputeRowsAsync(0, 1, CancellationToken.None);
        return rows.DeviceBytes;
    }

    private static void AssertWithin(long taken, ImagingOperation operation, (int, int) source, (int, int) target)
    {
        long envelope = ImagingEnvelope.GpuMemoryMb(operation, [(source, target)]) * 1024 * 1024;
        Assert.True(taken > 0 && taken <= envelope, $"{operation} of {source} to {target}: {taken} bytes taken, {envelope} foreseen");
    }

    private static async Task<ConnectorResult> RunAsync(Func<GpuMemory> memory, Func<int, CancellationToken, ValueTask>? kept = null)
    {
        var options = new ImagingOptions { Device = "cpu", TileRowKept = kept };
        using var connector = new ImagingConnector(options, new ImagingDevices((_, _) => (null, null), _ => new ImagingDevice(DeviceChoice.OpenCpu(2) with { ReadMemory = memory })));
        var files = new FakeJobFiles();
        files.Inputs["a"] = TestPictures.Png(TestPictures.Plain(20, 20, 0xFF00FF00));
        return await connector.ExecuteAsync(new FakeJobContext(Job, files), CancellationToken.None);
    }
}

using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.ConnectorTests.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using OrleansJobGrid.Workers.Gpu;
using Xunit;

namespace OrleansJobGrid.GpuTests;

[Collection(ThisMachine.Collection)]
public sealed class CudaJobTests
{
    private const long Megabyte = 1024 * 1024;
    private const string Job = """{"operation":"denoise","inputs":["wide"]}""";

    [Theory]
    [InlineData("auto")]
    [InlineData("cuda")]
    [InlineData("uuid")]
    public async Task A_job_runs_on_the_gpu_and_its_result_names_it(string setting)
    {
        GpuProbeResult probe = ThisMachine.RequireGpu();
        string uuid = probe.Gpus[0].Uuid;
        using var connector = new ImagingConnector(new ImagingOptions { Device = setting == "uuid" ? uuid : setting });
        await connector.StartAsync(CancellationToken.None);
        foreach (GpuReading gpu in probe.Gpus)
        {
            CompletedResult result = Assert.IsType<CompletedResult>(await RunAsync(connector, gpu.Uuid));
            GpuReading where = setting == "uuid" ? probe.Gpus[0] : gpu;
            Assert.Equal($"{where.Name} ({where.Uuid})", (string?)result.Result!["device"]);
        }
    }

    [Fact]
    public async Task A_job_that_finds_the_memory_taken_fails_as_gpu_memory_full_and_runs_once_there_is_room()
    {
        ThisMachine.RequireGpu();
        using var connector = new ImagingConnector(new ImagingOptions { Device = "cuda" });
        await connector.StartAsync(CancellationToken.None);
        using (var hog = new Hog())
        {
            FailedResult failure = Assert.IsType<FailedResult>(await RunAsync(connector));
            AssertFull(failure, "prepare");
            Assert.InRange(failure.Evidence.GpuMemoryUsedMb!.Value, failure.Evidence.GpuMemoryTotalMb!.Value - failure.Evidence.EstimatedSizeMb!.Value, failure.Evidence.GpuMemoryTotalMb.Value);
        }

        Assert.IsType<CompletedResult>(await RunAsync(connector));
    }

    [Fact]
    public async Task An_allocation_that_the_driver_refuses_is_classified_likewise()
    {
        ThisMachine.RequireGpu();

        // The first look at the memory is made to show plenty, as if another program took it a moment later.
        var options = new ImagingOptions { Device = "cuda" };
        OpenDevice open = DeviceChoice.Open(options);
        using var connector = new ImagingConnector(
            options,
            new ImagingDevices((_, _) => (null, null), _ => new ImagingDevice(open with { ReadMemory = () => open.ReadMemory!() with { FreeMb = 1_000_000 } })));
        await connector.StartAsync(CancellationToken.None);
        using (var hog = new Hog())
            AssertFull(Assert.IsType<FailedResult>(await RunAsync(connector)), "run");
        Assert.IsType<CompletedResult>(await RunAsync(connector));
    }

    private static void AssertFull(FailedResult failure, string stage)
    {
        Assert.Equal((FailureClass.ResourceExhaustion, "gpu_memory_full", stage), (failure.Class, failure.Reason, failure.Evidence.Stage));
        Assert.Equal(34, failure.Evidence.EstimatedSizeMb);
        Assert.NotNull(failure.Evidence.GpuMemoryTotalMb);
    }

    private static Task<ConnectorResult> RunAsync(ImagingConnector connector, string? gpu = null)
    {
        var files = new FakeJobFiles();
        files.Inputs["wide"] = TestPictures.Png(TestPictures.Plain(16384, 64, 0xFF123456));
        return connector.ExecuteAsync(new FakeJobContext(Job, files) { Gpu = gpu }, CancellationToken.None);
    }

    /// <summary>Takes all memory of the first device, in ever smaller pieces.</summary>
    private sealed class Hog : IDisposable
    {
        private readonly OpenDevice _device = DeviceChoice.Open(new ImagingOptions { Device = "cuda" });
        private readonly List<MemoryBuffer> _taken = [];

        public Hog()
        {
            for (long piece = 8192 * Megabyte; piece >= Megabyte; piece /= 2)
            {
                while (TryTake(piece))
                {
                }
            }
        }

        public void Dispose()
        {
            foreach (MemoryBuffer buffer in _taken)
                buffer.Dispose();
            _device.Accelerator.Dispose();
            _device.Context.Dispose();
        }

        private bool TryTake(long bytes)
        {
            try
            {
                _taken.Add(_device.Accelerator.Allocate1D<byte>(bytes));
                return true;
            }
            catch (CudaException exception) when (GpuMemoryFailure.IsOutOfMemory(exception))
            {
                return false;
            }
        }
    }
}

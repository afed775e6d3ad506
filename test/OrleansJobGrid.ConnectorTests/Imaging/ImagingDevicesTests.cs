using ILGPU.Runtime.Cuda;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

/// <summary>Devices that say they are GPUs and compute on the CPU.</summary>
public sealed class ImagingDevicesTests : IDisposable
{
    private readonly List<(string? Gpu, bool OnlyGpu)> _asked = [];
    private readonly List<ImagingDevice> _opened = [];
    private readonly ImagingDevices _devices;
    private Func<string?, CudaFound?> _found = gpu => gpu is null ? null : new CudaFound(0, "card", gpu);
    private bool _fails;

    public ImagingDevicesTests() => _devices = new ImagingDevices(
        (gpu, onlyGpu) =>
        {
            _asked.Add((gpu, onlyGpu));
            return (_found(gpu), _found(gpu) is null ? "none" : null);
        },
        found =>
        {
            OpenDevice cpu = DeviceChoice.OpenCpu(1);
            bool fails = _fails;
            _opened.Add(new ImagingDevice(found is null ? cpu : cpu with
            {
                Kind = DeviceKind.Cuda,
                Name = found.Title,
                ReadMemory = () => fails ? throw new CudaException("unspecified launch failure") : new GpuMemory(20_000, 24_000),
            }));
            return _opened[^1];
        });

    public void Dispose() => _devices.Dispose();

    [Fact]
    public void Each_gpu_is_opened_once_and_the_cpu_for_those_without_one()
    {
        using ImagingDevices.Use first = _devices.Enter("GPU-a"), again = _devices.Enter("gpu-A"), second = _devices.Enter("GPU-b"), none = _devices.Enter(null);
        Assert.Same(first.Device, again.Device);
        Assert.Equal(["card (GPU-a)", "card (GPU-b)", "cpu"], _opened.Select(d => d.Name));
        Assert.Equal((null, "none"), (second.Note, none.Note));
    }

    [Fact]
    public void Workers_that_are_led_to_the_same_device_share_it()
    {
        _found = _ => new CudaFound(0, "card", "GPU-a");
        using ImagingDevices.Use first = _devices.Enter("GPU-a"), second = _devices.Enter("GPU-b"), none = _devices.Enter(null);
        Assert.Single(_opened);
        first.Broke();
        using ImagingDevices.Use anew = _devices.Enter("GPU-b");
        Assert.Same(_opened[1], anew.Device);
    }

    [Fact]
    public void One_that_failed_is_closed_when_the_last_job_leaves_it_and_those_that_come_get_a_new_one()
    {
        ImagingDevices.Use broken = _devices.Enter("GPU-a"), beside = _devices.Enter("GPU-a");
        broken.Broke();
        broken.Dispose();
        using ImagingDevices.Use anew = _devices.Enter("GPU-a");
        Assert.NotSame(beside.Device, anew.Device);
        Assert.Equal([("GPU-a", false), ("GPU-a", true)], _asked);
        Assert.False(beside.Device.Accelerator.IsDisposed);
        beside.Dispose();
        Assert.True(_opened[0].Accelerator.IsDisposed);
        Assert.False(_opened[1].Accelerator.IsDisposed);
    }

    [Fact]
    public async Task A_job_whose_device_fails_says_so_and_the_next_one_gets_a_new_device()
    {
        using var connector = new ImagingConnector(new ImagingOptions(), _devices);
        _fails = true;
        FailedResult failed = Assert.IsType<FailedResult>(await RunAsync(connector));
        Assert.Equal(("gpu_error", "run"), (failed.Reason, failed.Evidence.Stage));
        Assert.StartsWith("card (GPU-a) failed: unspecified launch failure", failed.Message, StringComparison.Ordinal);
        _fails = false;
        CompletedResult completed = Assert.IsType<CompletedResult>(await RunAsync(connector));
        Assert.Equal("card (GPU-a)", (string?)completed.Result!["device"]);
        await RunAsync(connector);
        Assert.Equal(2, _opened.Count);
    }

    private static Task<ConnectorResult> RunAsync(ImagingConnector connector)
    {
        var files = new FakeJobFiles();
        files.Inputs["a"] = TestPictures.Png(TestPictures.Plain(20, 20, 0xFF00FF00));
        return connector.ExecuteAsync(new FakeJobContext("""{"operation":"resize","inputs":["a"],"width":10}""", files) { Gpu = "GPU-a" }, CancellationToken.None);
    }
}

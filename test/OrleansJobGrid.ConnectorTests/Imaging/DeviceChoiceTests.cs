using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

public sealed class DeviceChoiceTests
{
    private static readonly CudaFound Rtx = new(0, "NVIDIA GeForce RTX 4090", "GPU-2f0a1b9c-9c1e-7f4d-8a55-0d3c6e1b7a90");
    private static readonly CudaFound T4 = new(1, "Tesla T4", "GPU-8d4e5f60-1122-3344-5566-77889900aabb");
    private static readonly CudaSurvey Two = new([Rtx, T4], Installed: true, null);
    private static readonly CudaSurvey NoDriver = new([], Installed: false, "there is no CUDA driver: libcuda.so.1 is not installed");
    private static readonly CudaSurvey Broken = new([], Installed: true, "the CUDA driver does not start: it answers with error 999 (CUDA_ERROR_UNKNOWN)");

    [Theory]
    [InlineData("auto", null, null)]
    [InlineData("auto", 0, 0)]
    [InlineData("AUTO", 1, 1)]
    [InlineData("cuda", null, 0)]
    [InlineData("cuda", 1, 1)]
    [InlineData("GPU-8d4e5f60-1122-3344-5566-77889900aabb", 0, 1)]
    [InlineData("gpu-8D4E5F60-1122-3344-5566-77889900AABB", null, 1)]
    [InlineData("cpu", 1, null)]
    public void Choose_WhenThereAreDevices_TakesTheOneAskedForOrTheWorkersOwn(string setting, int? workersGpu, int? id)
    {
        string? gpu = workersGpu is { } n ? Two.Devices[n].Uuid.ToUpperInvariant().Replace("GPU", "gpu", StringComparison.Ordinal) : null;
        (CudaFound? chosen, string? note) = DeviceChoice.Choose(setting, Two, gpu);
        Assert.Equal((id, null), (chosen?.Id, note));
    }

    [Fact]
    public void Choose_WhenAutoFindsNoDriver_TakesTheCpuAndSaysSoWhereAGpuIsToBeExpected()
    {
        Assert.Equal((null, null), DeviceChoice.Choose("auto", NoDriver));
        Assert.Equal((null, Broken.Absence), DeviceChoice.Choose("auto", Broken));
        Assert.Equal((null, $"the worker's GPU GPU-9 is not to be had: {NoDriver.Absence}"), DeviceChoice.Choose("auto", NoDriver, "GPU-9"));
        Assert.Equal((null, $"the worker's GPU GPU-9 is not to be had: the CUDA driver shows {Rtx.Title}, {T4.Title}"), DeviceChoice.Choose("auto", Two, "GPU-9"));
    }

    [Fact]
    public void Choose_WhenTheGpuThatJobsRanOnIsNotThereAnyMore_IsNotTheCpu()
    {
        Assert.Equal(Rtx, DeviceChoice.Choose("auto", Two, Rtx.Uuid, onlyGpu: true).Chosen);
        var error = Assert.Throws<ImagingDeviceException>(() => DeviceChoice.Choose("auto", Broken, Rtx.Uuid, onlyGpu: true));
        Assert.Equal($"The worker's GPU {Rtx.Uuid}, which jobs ran on before, is not to be had: {Broken.Absence}.", error.Message);
        error = Assert.Throws<ImagingDeviceException>(() => DeviceChoice.Choose("cuda", Two, "GPU-9"));
        Assert.StartsWith($"JobGrid:Imaging:Device is 'cuda', but the worker's GPU GPU-9 is not to be had: the CUDA driver shows {Rtx.Title}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cuda")]
    [InlineData("GPU-8d4e5f60-1122-3344-5566-77889900aabb")]
    public void Choose_WhenAGpuIsAskedForWithoutADriver_IsAnErrorThatSaysSo(string setting)
    {
        var error = Assert.Throws<ImagingDeviceException>(() => DeviceChoice.Choose(setting, NoDriver));
        Assert.StartsWith($"JobGrid:Imaging:Device is '{setting}', but there is no CUDA driver: libcuda.so.1 is not installed", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ImagingDeviceException>(() => DeviceChoice.Choose(setting, Broken));
        Assert.Contains("error 999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_WhenAnotherUuidIsAskedFor_NamesThoseThatAreThere()
    {
        var error = Assert.Throws<ImagingDeviceException>(() => DeviceChoice.Choose("GPU-0", Two));
        Assert.Contains($"the CUDA driver shows {Rtx.Title}, {T4.Title}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("opencl")]
    [InlineData("0")]
    public void Choose_WhenTheSettingIsUnknown_NamesItAndItsValues(string setting)
    {
        var error = Assert.Throws<ImagingDeviceException>(() => DeviceChoice.Choose(setting, Two));
        Assert.StartsWith($"JobGrid:Imaging:Device is '{setting}'; it is auto, cpu, cuda, or a GPU's uuid", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_uuid_is_written_as_nvidia_smi_writes_it()
    {
        byte[] raw = Convert.FromHexString("8d4e5f6011223344556677889900aabb");
        Assert.Equal("GPU-8d4e5f60-1122-3344-5566-77889900aabb", CudaDriver.Format(raw));
    }

    [Fact]
    public async Task A_connector_that_must_have_a_gpu_says_at_its_start_that_there_is_none()
    {
        Assert.SkipWhen(CudaDriver.Look().Devices.Count > 0, "This machine has a GPU.");
        using var connector = new ImagingConnector(new ImagingOptions { Device = "cuda" });
        await Assert.ThrowsAsync<ImagingDeviceException>(() => connector.StartAsync(CancellationToken.None));
        var files = new FakeJobFiles();
        files.Inputs["a"] = TestPictures.Png(TestPictures.Plain(4, 4, 0xFF0000FF));
        ConnectorResult result = await connector.ExecuteAsync(new FakeJobContext("""{"operation":"resize","inputs":["a"],"width":2}""", files), CancellationToken.None);
        Assert.Equal(("gpu_error", "prepare"), (Assert.IsType<FailedResult>(result).Reason, ((FailedResult)result).Evidence.Stage));
    }
}

using System.Runtime.InteropServices;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.ConnectorTests.Imaging;
using Xunit;

namespace OrleansJobGrid.GpuTests;

/// <summary>A GPU may add in another order and fuse a product with its sum: each channel is within 1 of 255 of the CPU's.</summary>
[Collection(ThisMachine.Collection)]
public sealed class CudaPixelTests : IDisposable
{
    private readonly ImagingDevice _cpu = new(new ImagingOptions { Device = "cpu" });
    private ImagingDevice? _cuda;

    public void Dispose()
    {
        _cuda?.Dispose();
        _cpu.Dispose();
    }

    [Theory]
    [InlineData(640, 480, 200, 150)]
    [InlineData(200, 150, 640, 481)]
    [InlineData(1, 1, 7, 5)]
    [InlineData(333, 777, 1, 130)]
    public Task A_resize_is_within_one_level_of_the_cpu(int sourceWidth, int sourceHeight, int width, int height)
    {
        Picture source = TestPictures.Noise(sourceWidth, sourceHeight, 5);
        return AssertAlikeAsync(device => new PictureResizer(device, source, width, height), height);
    }

    [Theory]
    [InlineData(160, 150, 0.1)]
    [InlineData(37, 200, 0.5)]
    [InlineData(1, 1, 1)]
    public Task A_denoise_is_within_one_level_of_the_cpu(int width, int height, double strength)
    {
        Picture source = TestPictures.Noisy(width, height, 100 * strength, 5).Noisy;
        for (int at = 0; at < source.Pixels.Length; at += 7)
            source.Pixels[at] &= 0x80FFFFFF;
        return AssertAlikeAsync(device => new PictureDenoiser(device, source, strength), height);
    }

    [Fact]
    public async Task The_same_picture_gives_the_same_bytes_twice()
    {
        ImagingDevice cuda = Cuda();
        Picture source = TestPictures.Noisy(300, 200, 25, 5).Noisy;
        using var first = new PictureDenoiser(cuda, source, 0.25);
        using var second = new PictureDenoiser(cuda, source, 0.25);
        byte[] whole = await first.ComputeRowsAsync(0, 200, CancellationToken.None);
        List<byte> cut = [];
        for (int row = 0; row < 200; row += 8)
            cut.AddRange(await second.ComputeRowsAsync(row, 8, CancellationToken.None));
        Assert.Equal(whole, cut);
    }

    private async Task AssertAlikeAsync(Func<ImagingDevice, IPictureRows> open, int height)
    {
        ImagingDevice cuda = Cuda();
        using IPictureRows onCuda = open(cuda), onCpu = open(_cpu);
        byte[] actual = await onCuda.ComputeRowsAsync(0, height, CancellationToken.None);
        byte[] expected = await onCpu.ComputeRowsAsync(0, height, CancellationToken.None);
        Assert.Equal(expected.Length, actual.Length);
        for (int at = 0; at < expected.Length; at++)
            Assert.True(Math.Abs(expected[at] - actual[at]) <= 1, $"byte {at}: {actual[at]}, the CPU has {expected[at]}");
        Assert.Contains(MemoryMarshal.Cast<byte, uint>(actual).ToArray(), pixel => pixel != 0);
    }

    private ImagingDevice Cuda()
    {
        ThisMachine.RequireGpu();
        return _cuda ??= new ImagingDevice(new ImagingOptions { Device = "cuda" });
    }
}

using System.Runtime.InteropServices;
using CsCheck;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

public sealed class ImagingDenoiseTests : IDisposable
{
    private readonly ImagingDevice _device = new(new ImagingOptions { Device = "cpu", Threads = 2 });

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.1)]
    [InlineData(0.35)]
    [InlineData(1)]
    public async Task Every_channel_is_within_one_of_the_double_precision_reference(double strength)
    {
        await Gen.Select(Gen.Int[1, 30], Gen.Int[1, 30], Gen.UInt[1, 1000], Gen.Bool).SampleAsync(
            async (width, height, seed, opaque) =>
            {
                Picture source = TestPictures.Noisy(width, height, 100 * strength, seed).Noisy;
                await AssertMatchesReferenceAsync(opaque ? source : WithAlpha(source, seed), strength);
            },
            iter: 8,
            threads: 1);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 90)]
    [InlineData(90, 1)]
    [InlineData(23, 129)]
    public Task Extreme_shapes_match_the_reference(int width, int height) =>
        AssertMatchesReferenceAsync(WithAlpha(TestPictures.Noise(width, height, 3), 9), 0.6);

    [Theory]
    [InlineData(10, 0.1, 5)]
    [InlineData(25, 0.25, 6)]
    [InlineData(50, 0.5, 6)]
    public async Task Noise_goes_down_by_so_many_decibels(double sigma, double strength, double gain)
    {
        (Picture clean, Picture noisy) = TestPictures.Noisy(96, 80, sigma, 11);
        double before = TestPictures.Psnr(clean, noisy), after = TestPictures.Psnr(clean, await DenoiseAsync(_device, noisy, strength, 80));
        Assert.True(after - before >= gain, $"{before:F2} dB before, {after:F2} dB after");
    }

    [Fact]
    public async Task A_picture_of_one_colour_stays_that_colour_and_a_transparent_one_is_all_zero()
    {
        Picture half = await DenoiseAsync(_device, TestPictures.Plain(20, 20, 0x80123456), 0.5, 20);
        Assert.All(half.Pixels, pixel => Assert.Equal(0x80123456, pixel));
        Picture none = await DenoiseAsync(_device, TestPictures.Plain(20, 20, 0x00123456), 0.5, 20);
        Assert.All(none.Pixels, pixel => Assert.Equal(0u, pixel));
    }

    [Fact]
    public async Task What_cannot_be_seen_gives_no_colour_to_what_can()
    {
        // Left half opaque red, right half transparent green.
        Picture source = new(20, 12, [.. Enumerable.Range(0, 240).Select(at => at % 20 < 10 ? 0xFF0000C8 : 0x0000FF00)]);
        Picture result = await DenoiseAsync(_device, source, 1, 12);
        Assert.All(result.Pixels.Where((_, at) => at % 20 < 10), pixel => Assert.Equal(0xFF0000C8, pixel));
    }

    [Fact]
    public async Task The_bytes_depend_neither_on_threads_nor_on_how_rows_are_cut()
    {
        Picture source = TestPictures.Noisy(37, 150, 20, 5).Noisy;
        Picture whole = await DenoiseAsync(_device, source, 0.2, 150);
        foreach ((int threads, int cut) in new[] { (1, 150), (1, 1), (3, 64), (7, 13) })
        {
            using var device = new ImagingDevice(new ImagingOptions { Device = "cpu", Threads = threads });
            Assert.Equal(whole.Pixels, (await DenoiseAsync(device, source, 0.2, cut)).Pixels);
        }
    }

    [Fact]
    public async Task A_job_keeps_size_and_alpha_and_has_strength_a_tenth_unless_it_names_one()
    {
        Picture source = WithAlpha(TestPictures.Noisy(30, 20, 10, 2).Noisy, 4);
        (CompletedResult result, Picture usual) = await RunAsync("""{"operation":"denoise","inputs":["a"]}""", source);
        Assert.Equal("denoise.png", result.Outputs[0].Name);
        Assert.Equal(
            """{"operation":"denoise","width":30,"height":20,"format":"png","tile_rows":1,"computed_tile_rows":1,"resumed_tile_rows":0,"device":"cpu"}""",
            result.Result!.ToJsonString());
        Assert.Equal(source.Pixels.Select(pixel => pixel >> 24), usual.Pixels.Select(pixel => pixel >> 24));
        (_, Picture tenth) = await RunAsync("""{"operation":"denoise","inputs":["a"],"strength":0.1}""", source);
        (_, Picture half) = await RunAsync("""{"operation":"denoise","inputs":["a"],"strength":0.5}""", source);
        Assert.Equal(tenth.Pixels, usual.Pixels);
        Assert.NotEqual(half.Pixels, usual.Pixels);
    }

    private static async Task<(CompletedResult Result, Picture Picture)> RunAsync(string payload, Picture source)
    {
        using var connector = new ImagingConnector(new ImagingOptions { Device = "cpu" });
        var files = new FakeJobFiles();
        files.Inputs["a"] = TestPictures.Png(source);
        var result = Assert.IsType<CompletedResult>(await connector.ExecuteAsync(new FakeJobContext(payload, files), CancellationToken.None));
        return (result, PictureCodec.Decode(files.Outputs[result.Outputs[0].Artefact]));
    }

    private async Task AssertMatchesReferenceAsync(Picture source, double strength)
    {
        Picture result = await DenoiseAsync(_device, source, strength, source.Height);
        for (int at = 0; at < source.Pixels.Length; at++)
        {
            uint pixel = result.Pixels[at];
            Assert.Equal(source.Pixels[at] >> 24, pixel >> 24);
            if (pixel >> 24 == 0)
                continue;
            (int x, int y) = (at % source.Width, at / source.Width);
            double[] expected = NonLocalMeansReference.At(source, strength, x, y);
            for (int channel = 0; channel < 3; channel++)
            {
                double actual = (pixel >> (8 * channel)) & 255;
                Assert.True(
                    Math.Abs(actual - expected[channel]) <= 1,
                    $"{source.Width} x {source.Height}, pixel {x},{y} channel {channel}: {actual}, expected {expected[channel]:F3}");
            }
        }
    }

    private static async Task<Picture> DenoiseAsync(ImagingDevice device, Picture source, double strength, int cut)
    {
        using var denoiser = new PictureDenoiser(device, source, strength);
        List<byte> bytes = [];
        for (int row = 0; row < source.Height; row += cut)
            bytes.AddRange(await denoiser.ComputeRowsAsync(row, Math.Min(cut, source.Height - row), CancellationToken.None));
        return new Picture(source.Width, source.Height, MemoryMarshal.Cast<byte, uint>(CollectionsMarshal.AsSpan(bytes)).ToArray());
    }

    private static Picture WithAlpha(Picture source, uint seed)
    {
        uint[] alpha = TestPictures.Noise(source.Width, source.Height, seed + 100).Pixels;
        return source with { Pixels = [.. source.Pixels.Select((pixel, at) => (pixel & 0xFFFFFF) | (alpha[at] << 24))] };
    }
}

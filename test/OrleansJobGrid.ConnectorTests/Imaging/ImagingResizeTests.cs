using System.Runtime.InteropServices;
using CsCheck;
using OrleansJobGrid.Connectors.Imaging;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

public sealed class ImagingResizeTests : IDisposable
{
    private readonly ImagingDevice _device = new(new ImagingOptions { Device = "cpu", Threads = 2 });

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Every_channel_is_within_one_of_the_double_precision_reference()
    {
        Gen<Picture> pictures = Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Bool).SelectMany((width, height, opaque) =>
            Gen.UInt.Array[width * height].Select(pixels => new Picture(width, height, opaque ? Opaque(pixels) : pixels)));
        Gen.Select(pictures, Gen.Int[1, 90], Gen.Int[1, 90]).Sample(
            (source, width, height) => AssertMatchesReference(source, width, height), iter: 150, threads: 1);
    }

    [Theory]
    [InlineData(1, 1, 7, 5)]
    [InlineData(1, 200, 1, 3)]
    [InlineData(200, 1, 3, 1)]
    [InlineData(1, 200, 50, 2)]
    [InlineData(3, 3, 300, 1)]
    [InlineData(400, 3, 1, 130)]
    [InlineData(150, 140, 1, 1)]
    [InlineData(30, 20, 45, 200)]
    [InlineData(31, 257, 29, 131)]
    public void Extreme_shapes_match_the_reference(int sourceWidth, int sourceHeight, int width, int height)
    {
        AssertMatchesReference(Noise(sourceWidth, sourceHeight, 7), width, height);
    }

    [Fact]
    public void A_picture_of_one_colour_stays_that_colour()
    {
        Gen.Select(Gen.UInt, Gen.Int[1, 60], Gen.Int[1, 60], Gen.Int[1, 200], Gen.Int[1, 200]).Sample(
            (colour, sourceWidth, sourceHeight, width, height) =>
            {
                uint[] pixels = new uint[sourceWidth * sourceHeight];
                Array.Fill(pixels, colour);
                uint expected = colour >> 24 == 0 ? 0 : colour;
                return Resize(new Picture(sourceWidth, sourceHeight, pixels), width, height).All(pixel => pixel == expected);
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public void A_picture_resized_to_its_own_size_is_itself()
    {
        Gen.Select(Gen.Int[1, 50], Gen.Int[1, 150]).SelectMany((width, height) =>
            Gen.UInt.Array[width * height].Select(pixels => new Picture(width, height, pixels))).Sample(
            picture =>
            {
                uint[] visible = [.. picture.Pixels.Select(pixel => pixel >> 24 == 0 ? 0 : pixel)];
                return Resize(picture, picture.Width, picture.Height).SequenceEqual(visible);
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public async Task The_bytes_depend_neither_on_threads_nor_on_how_rows_are_cut()
    {
        Picture source = Noise(97, 143, 3);
        byte[] whole = await ResizeRowsAsync(_device, source, 131, 201, 201);
        foreach ((int threads, int cut) in new[] { (1, 201), (1, 1), (3, 64), (7, 13) })
        {
            using var device = new ImagingDevice(new ImagingOptions { Device = "cpu", Threads = threads });
            Assert.Equal(whole, await ResizeRowsAsync(device, source, 131, 201, cut));
        }
    }

    [Fact]
    public async Task Resizes_that_run_at_once_do_not_disturb_each_other()
    {
        Picture[] sources = [.. Enumerable.Range(0, 6).Select(seed => Noise(60 + seed, 50, (uint)seed))];
        List<byte[]> alone = [];
        foreach (Picture source in sources)
            alone.Add(await ResizeRowsAsync(_device, source, 120, 160, 160));
        byte[][] together = await Task.WhenAll(sources.Select(source => Task.Run(() => ResizeRowsAsync(_device, source, 120, 160, 16))));
        Assert.Equal(alone, together);
    }

    private void AssertMatchesReference(Picture source, int width, int height)
    {
        uint[] target = Resize(source, width, height);
        bool opaque = source.Pixels.All(pixel => pixel >> 24 == 255);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                uint pixel = target[(y * width) + x];
                double[] expected = LanczosReference.PremultipliedAt(source, width, height, x, y);
                double alpha = pixel >> 24;
                if (opaque)
                    Assert.Equal(255, alpha);
                for (int channel = 0; channel < 4; channel++)
                {
                    double actual = channel == 3 ? alpha : ((pixel >> (8 * channel)) & 255) * alpha / 255;
                    Assert.True(
                        Math.Abs(actual - expected[channel]) <= 1,
                        $"{source.Width} x {source.Height} to {width} x {height}, pixel {x},{y} channel {channel}: {actual}, expected {expected[channel]:F3}");
                }
            }
        }
    }

    private uint[] Resize(Picture source, int width, int height) =>
        MemoryMarshal.Cast<byte, uint>(ResizeRowsAsync(_device, source, width, height, height).GetAwaiter().GetResult()).ToArray();

    private static async Task<byte[]> ResizeRowsAsync(ImagingDevice device, Picture source, int width, int height, int cut)
    {
        using var resizer = new PictureResizer(device, source, width, height);
        List<byte> bytes = [];
        for (int row = 0; row < height; row += cut)
            bytes.AddRange(await resizer.ComputeRowsAsync(row, Math.Min(cut, height - row), CancellationToken.None));
        return [.. bytes];
    }

    private static uint[] Opaque(uint[] pixels) => [.. pixels.Select(pixel => pixel | 0xFF000000)];

    private static Picture Noise(int width, int height, uint seed) => TestPictures.Noise(width, height, seed);
}

using System.Security.Cryptography;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

public sealed class ImagingConnectorTests : IDisposable
{
    private const uint Red = 0xFF0000FF, Green = 0xFF00FF00, Sheet = 0xFF202020;

    private readonly ImagingConnector _connector = new(new ImagingOptions { Device = "cpu" });
    private readonly FakeJobFiles _files = new();

    public void Dispose() => _connector.Dispose();

    [Fact]
    public void It_serves_imaging_in_the_workers_process()
    {
        Assert.Equal(("imaging", WorkLocation.InProcess), (_connector.Service, _connector.Location));
    }

    [Fact]
    public async Task StartAsync_WhenAllIsThere_LetsJobsRun()
    {
        await _connector.StartAsync(CancellationToken.None);
        Add("a", TestPictures.Plain(4, 4, Red));
        await RunAsync("""{"operation":"resize","inputs":["a"],"width":2}""");
    }

    [Theory]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":20,"height":31}""", 20, 31)]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":10}""", 10, 7)]
    [InlineData("""{"operation":"resize","inputs":["a"],"height":10}""", 15, 10)]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":3}""", 3, 2)]
    [InlineData("""{"operation":"resize","inputs":["a"],"height":3}""", 5, 3)]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":1,"height":null}""", 1, 1)]
    public async Task A_resize_keeps_the_aspect_where_one_side_is_missing(string payload, int width, int height)
    {
        Add("a", TestPictures.Noise(30, 20, 1));
        CompletedResult result = await RunAsync(payload);
        Picture picture = Output(result);
        Assert.Equal((width, height), (picture.Width, picture.Height));
        Assert.Equal(
            $$"""{"operation":"resize","width":{{width}},"height":{{height}},"format":"png","tile_rows":1,"computed_tile_rows":1,"resumed_tile_rows":0,"device":"cpu"}""",
            result.Result!.ToJsonString());
    }

    [Theory]
    [InlineData("x.png", "png", "89504E47")]
    [InlineData("x.JPG", "jpeg", "FFD8FF")]
    [InlineData("x.jpeg", "jpeg", "FFD8FF")]
    [InlineData("x.webp", "webp", "52494646")]
    public async Task The_extension_decides_the_encoder_and_the_bytes_are_always_the_same(string name, string format, string magic)
    {
        Add("a", TestPictures.Noise(50, 40, 2));
        string payload = $$"""{"operation":"resize","inputs":["a"],"width":80,"output":"{{name}}"}""";
        CompletedResult result = await RunAsync(payload);
        JobOutput output = Assert.Single(result.Outputs);
        byte[] bytes = _files.Outputs[output.Artefact];
        Assert.Equal(name, output.Name);
        Assert.Equal(format, (string?)result.Result!["format"]);
        Assert.StartsWith(magic, Convert.ToHexString(bytes), StringComparison.Ordinal);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), output.Sha256);

        using var oneThread = new ImagingConnector(new ImagingOptions { Device = "cpu", Threads = 1 });
        var again = Assert.IsType<CompletedResult>(await oneThread.ExecuteAsync(new FakeJobContext(payload, _files, "job-2"), CancellationToken.None));
        Assert.Equal(output.Sha256, again.Outputs[0].Sha256);
    }

    [Fact]
    public async Task Transparency_is_kept_in_png_and_lies_on_white_in_jpeg()
    {
        Add("a", TestPictures.Plain(16, 16, 0x000000FF));
        Assert.All(Output(await RunAsync("""{"operation":"resize","inputs":["a"],"width":16}""")).Pixels, pixel => Assert.Equal(0u, pixel));
        Picture jpeg = Output(await RunAsync("""{"operation":"resize","inputs":["a"],"width":16,"output":"a.jpg"}"""));
        Assert.All(jpeg.Pixels, pixel => Assert.Equal(0xFFFFFFFF, pixel));
    }

    [Fact]
    public async Task A_contact_sheet_fits_each_picture_into_its_cell_and_centres_it()
    {
        Add("wide", TestPictures.Plain(200, 50, Red));
        Add("tall", TestPictures.Plain(10, 40, Green));
        Picture sheet = Output(await RunAsync(
            """{"operation":"contact_sheet","inputs":["wide","tall","wide"],"width":64,"height":64,"columns":2}"""));
        Assert.Equal((128, 128), (sheet.Width, sheet.Height));
        Assert.Equal(Expected(sheet.Width, sheet.Height, (2, 24, 60, 15, Red), (88, 2, 15, 60, Green), (2, 88, 60, 15, Red)), sheet.Pixels);
    }

    [Fact]
    public async Task A_contact_sheet_without_columns_is_as_square_as_it_can_be()
    {
        Add("a", TestPictures.Plain(9, 9, Red));
        Picture sheet = Output(await RunAsync("""{"operation":"contact_sheet","inputs":["a","a","a","a","a"],"width":20,"height":10}"""));
        Assert.Equal((60, 20), (sheet.Width, sheet.Height));
    }

    [Fact]
    public async Task A_sheet_of_256_pictures_has_a_checkpoint_below_its_limit()
    {
        Add("a", TestPictures.Noise(3, 3, 1));
        string inputs = string.Join(',', Enumerable.Repeat("\"a\"", 256));
        var context = new FakeJobContext(
            $$"""{"operation":"contact_sheet","inputs":[{{inputs}}],"width":4,"height":130,"columns":16}""", _files, new string('x', 128));
        var result = Assert.IsType<CompletedResult>(await _connector.ExecuteAsync(context, CancellationToken.None));
        Assert.Equal(256, (int?)result.Result!["tile_rows"]);
        Assert.InRange(context.SavedCheckpoint!.Length, 1, 32 * 1024);
    }

    [Theory]
    [InlineData(1, "ABCDEF")]
    [InlineData(2, "CBAFED")]
    [InlineData(3, "FEDCBA")]
    [InlineData(4, "DEFABC")]
    [InlineData(5, "ADBECF")]
    [InlineData(6, "DAEBFC")]
    [InlineData(7, "FCEBDA")]
    [InlineData(8, "CFBEAD")]
    public void Decode_WhenExifTurnsThePicture_GivesItUpright(int orientation, string upright)
    {
        // Stored: ABC over DEF, each letter a grey of its own.
        Picture stored = new(48, 32, [.. Enumerable.Range(0, 48 * 32).Select(at => Grey((at / 48 / 16 * 3) + (at % 48 / 16)))]);
        byte[] file = ExifOrientation.Tag(PictureCodec.Encode(stored, PictureFormat.Jpeg), orientation);
        Picture picture = PictureCodec.Decode(file);
        (int width, int height) = orientation < 5 ? (48, 32) : (32, 48);
        Assert.Equal((width, height), (picture.Width, picture.Height));
        Assert.Equal((width, height), PictureCodec.ReadSize(file));
        string letters = string.Concat(
            from row in Enumerable.Range(0, height / 16)
            from column in Enumerable.Range(0, width / 16)
            select (char)('A' + Math.Round((picture.Pixels[(((row * 16) + 8) * width) + (column * 16) + 8] & 255) / 40.0)));
        Assert.Equal(upright, letters);

        static uint Grey(int letter) => (uint)(letter * 40 * 0x010101) | 0xFF000000;
    }

    [Fact]
    public async Task Progress_says_how_many_tile_rows_are_done()
    {
        Add("a", TestPictures.Noise(20, 20, 1));
        var context = new FakeJobContext("""{"operation":"resize","inputs":["a"],"width":20,"height":200}""", _files);
        await _connector.ExecuteAsync(context, CancellationToken.None);
        Assert.Equal(
            [(25, "computed tile row 1 of 4"), (50, "computed tile row 2 of 4"), (75, "computed tile row 3 of 4"), (100, "computed tile row 4 of 4")],
            context.Progress);
    }

    private void Add(string id, Picture picture) => _files.Inputs[id] = TestPictures.Png(picture);

    private async Task<CompletedResult> RunAsync(string payload) =>
        Assert.IsType<CompletedResult>(await _connector.ExecuteAsync(new FakeJobContext(payload, _files), CancellationToken.None));

    private Picture Output(CompletedResult result) => PictureCodec.Decode(_files.Outputs[Assert.Single(result.Outputs).Artefact]);

    private static uint[] Expected(int width, int height, params (int X, int Y, int Width, int Height, uint Colour)[] boxes)
    {
        uint[] pixels = TestPictures.Plain(width, height, Sheet).Pixels;
        foreach ((int x, int y, int boxWidth, int boxHeight, uint colour) in boxes)
        {
            for (int row = y; row < y + boxHeight; row++)
                Array.Fill(pixels, colour, (row * width) + x, boxWidth);
        }

        return pixels;
    }
}

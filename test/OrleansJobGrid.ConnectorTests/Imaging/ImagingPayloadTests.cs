using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

public sealed class ImagingPayloadTests
{
    [Theory]
    [InlineData("""[]""", "The payload is an object")]
    [InlineData("""{}""", "operation: missing; it is one of resize, contact_sheet, denoise")]
    [InlineData("""{"operation":"blur"}""", "operation: is \"blur\"")]
    [InlineData("""{"operation":7}""", "operation: is 7")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":10,"tile_delay_ms":5}""", "tile_delay_ms: unknown field; remove it")]
    [InlineData("""{"operation":"resize","width":10}""", "inputs: missing; it is an array of exactly 1 artefact id")]
    [InlineData("""{"operation":"resize","inputs":"a","width":10}""", "inputs: is \"a\"")]
    [InlineData("""{"operation":"resize","inputs":[],"width":10}""", "inputs: has 0 elements")]
    [InlineData("""{"operation":"resize","inputs":["a","b"],"width":10}""", "inputs: has 2 elements; it is an array of exactly 1 artefact id; submit a job for each picture")]
    [InlineData("""{"operation":"resize","inputs":[3],"width":10}""", "inputs[0]: is not an artefact id")]
    [InlineData("""{"operation":"resize","inputs":[" "],"width":10}""", "inputs[0]: is not an artefact id")]
    [InlineData("""{"operation":"resize","inputs":["a"]}""", "width, height: missing")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":0}""", "width: is 0; it is a whole number from 1 to 16384")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":16385}""", "width: is 16385")]
    [InlineData("""{"operation":"resize","inputs":["a"],"height":1.5}""", "height: is 1.5")]
    [InlineData("""{"operation":"resize","inputs":["a"],"height":"9"}""", "height: is \"9\"")]
    [InlineData("""{"operation":"resize","inputs":["a"],"height":99999999999}""", "height: is 99999999999")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":9,"columns":2}""", "columns: belongs to contact_sheet")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":9,"strength":0.5}""", "strength: belongs to denoise")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":9,"output":"a/b.png"}""", "output: is \"a/b.png\"; it is a file name without folders")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":9,"output":"../b.png"}""", "output: is")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":9,"output":".png"}""", "output: is")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":9,"output":"b.gif"}""", "ends in .png, .jpg, .jpeg or .webp")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":9,"output":5}""", "output: is 5")]
    [InlineData("""{"operation":"contact_sheet","inputs":["a"],"height":9}""", "width: missing; contact_sheet needs the size of a cell")]
    [InlineData("""{"operation":"contact_sheet","inputs":["a"],"width":9}""", "height: missing; contact_sheet needs the size of a cell")]
    [InlineData("""{"operation":"contact_sheet","inputs":["a"],"width":9,"height":9,"columns":257}""", "columns: is 257; it is a whole number from 1 to 256")]
    [InlineData("""{"operation":"denoise","inputs":["a"],"strength":0}""", "strength: is 0; it is a number from 0.01 to 1")]
    [InlineData("""{"operation":"denoise","inputs":["a"],"strength":1.01}""", "strength: is 1.01; it is a number from 0.01 to 1")]
    [InlineData("""{"operation":"denoise","inputs":["a"],"strength":"0.1"}""", "strength: is \"0.1\"; it is a number")]
    [InlineData("""{"operation":"denoise","inputs":["a","b"]}""", "inputs: has 2 elements; it is an array of exactly 1 artefact id")]
    [InlineData("""{"operation":"denoise","inputs":["a"],"width":9}""", "width: denoise keeps the picture's size; remove it")]
    [InlineData("""{"operation":"denoise","inputs":["a"],"height":9}""", "height: denoise keeps the picture's size; remove it")]
    [InlineData("""{"operation":"denoise","inputs":["a"],"columns":9}""", "columns: belongs to contact_sheet")]
    [InlineData("""{"operation":"contact_sheet","inputs":["a"],"width":9,"height":9,"strength":0.5}""", "strength: belongs to denoise")]
    [InlineData("""{"operation":"resize","inputs":["gone"],"width":10}""", "inputs[0] ('gone'): There is no artefact 'gone'")]
    public async Task A_bad_payload_is_refused_by_field(string payload, string message)
    {
        FailedResult failure = await FailAsync(payload);
        Assert.Equal((FailureClass.Malformed, "invalid_payload"), (failure.Class, failure.Reason));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_errors_of_a_payload_come_at_once()
    {
        FailedResult failure = await FailAsync("""{"operation":"resize","inputs":[],"width":-1,"output":"x","extra":1}""");
        Assert.All(new[] { "inputs:", "width:", "output:", "extra:" }, field => Assert.Contains(field, failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task More_than_256_inputs_are_refused()
    {
        string inputs = string.Join(',', Enumerable.Repeat("\"a\"", 257));
        FailedResult failure = await FailAsync($$"""{"operation":"contact_sheet","inputs":[{{inputs}}],"width":9,"height":9}""");
        Assert.Contains("inputs: has 257 elements; it is an array of 1 to 256 artefact ids; make several sheets", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":16384}""", "4 x 8 scaled this way give 16384 x 32768 pixels; a png output has at most 16384 a side")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":16384,"height":1,"output":"a.webp"}""", "a webp output has at most 16383 a side")]
    [InlineData("""{"operation":"contact_sheet","inputs":["a","a","a"],"width":8000,"height":9,"columns":3}""", "3 cells of 8000 x 9 in 3 columns give 24000 x 9 pixels")]
    public async Task An_output_that_would_be_too_large_is_refused(string payload, string message)
    {
        FailedResult failure = await FailAsync(payload, TestPictures.Png(TestPictures.Noise(4, 8, 1)));
        Assert.Equal((FailureClass.Malformed, "invalid_payload"), (failure.Class, failure.Reason));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_picture_is_refused_by_input()
    {
        FailedResult failure = await FailAsync("""{"operation":"resize","inputs":["a"],"width":9}""", "no picture"u8.ToArray());
        Assert.Equal((FailureClass.Malformed, "invalid_input_image"), (failure.Class, failure.Reason));
        Assert.Contains("inputs[0] ('a'): it is no picture in a known format", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public async Task A_picture_that_ends_too_early_is_refused(double kept)
    {
        byte[] file = TestPictures.Png(TestPictures.Noise(64, 64, 1));
        FailedResult failure = await FailAsync("""{"operation":"resize","inputs":["a"],"width":9}""", file[..(int)(file.Length * kept)]);
        Assert.Equal((FailureClass.Malformed, "invalid_input_image"), (failure.Class, failure.Reason));
        Assert.Contains("inputs[0] ('a'): its png data cannot be decoded (", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<FailedResult> FailAsync(string payload, byte[]? input = null)
    {
        using var connector = new ImagingConnector(new ImagingOptions { Device = "cpu" });
        var files = new FakeJobFiles();
        if (input is not null)
            files.Inputs["a"] = input;
        return Assert.IsType<FailedResult>(await connector.ExecuteAsync(new FakeJobContext(payload, files), CancellationToken.None));
    }
}

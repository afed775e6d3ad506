using System.Text;
using CsCheck;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Imaging;

public sealed class ImagingResumeTests
{
    private const string Resize = """{"operation":"resize","inputs":["a"],"width":70,"height":500,"output":"a.png"}""";
    private const string Sheet =
        """{"operation":"contact_sheet","inputs":["a","b","a"],"width":90,"height":150,"columns":2,"output":"s.webp"}""";

    private const string Denoise = """{"operation":"denoise","inputs":["tall"],"strength":0.3,"output":"d.png"}""";

    [Theory]
    [InlineData(Denoise, 1)]
    [InlineData(Denoise, 2)]
    [InlineData(Resize, 1)]
    [InlineData(Resize, 3)]
    [InlineData(Resize, 8)]
    [InlineData(Sheet, 2)]
    [InlineData(Sheet, 4)]
    public async Task A_killed_job_goes_on_where_it_was_and_gives_the_same_bytes(string payload, int killedAfter)
    {
        (byte[] uninterrupted, CompletedResult alone) = await RunAsync(new FakeJobContext(payload, Files()));
        int total = (int)alone.Result!["tile_rows"]!;
        FakeJobContext killed = await KillAsync(new FakeJobContext(payload, Files()), killedAfter);

        FakeJobContext next = killed.NextAttempt();
        (byte[] resumed, CompletedResult result) = await RunAsync(next);

        Assert.Equal(uninterrupted, resumed);
        Assert.Equal((total, total, killedAfter), Counts(result));
        Assert.Equal((100.0 * killedAfter / total, $"resumed at tile row {killedAfter} of {total}"), next.Progress[0]);
        Assert.Equal(total, next.FakeFiles.Scratch.Count);
    }

    [Fact]
    public async Task A_job_killed_again_and_again_computes_each_tile_row_once()
    {
        (byte[] uninterrupted, _) = await RunAsync(new FakeJobContext(Resize, Files()));
        FakeJobContext context = new(Resize, Files());
        for (int run = 0; run < 5; run++)
            context = (await KillAsync(context, 1, offset: run)).NextAttempt();
        (byte[] resumed, CompletedResult result) = await RunAsync(context);
        Assert.Equal(uninterrupted, resumed);
        Assert.Equal((8, 8, 5), Counts(result));
    }

    [Fact]
    public async Task A_checkpoint_older_than_the_kept_pieces_costs_nothing()
    {
        (byte[] uninterrupted, _) = await RunAsync(new FakeJobContext(Resize, Files()));
        FakeJobContext older = await KillAsync(new FakeJobContext(Resize, Files()), 3);
        byte[] durable = older.SavedCheckpoint!;
        FakeJobContext killed = await KillAsync(older.NextAttempt(), 2, offset: 3);
        (byte[] resumed, CompletedResult result) = await RunAsync(killed.NextAttempt(durable));
        Assert.Equal(uninterrupted, resumed);
        Assert.Equal((8, 8, 5), Counts(result));
    }

    [Fact]
    public async Task Exactly_the_missing_and_damaged_pieces_are_computed_again()
    {
        (byte[] uninterrupted, _) = await RunAsync(new FakeJobContext(Resize, Files()));
        await Gen.Int[0, 2].Array[8].SampleAsync(
            async fates =>
            {
                FakeJobContext killed = await KillAsync(new FakeJobContext(Resize, Files()), 8);
                string[] pieces = [.. killed.FakeFiles.Scratch.Keys.Order(StringComparer.Ordinal)];
                for (int piece = 0; piece < pieces.Length; piece++)
                {
                    if (fates[piece] == 1)
                        killed.FakeFiles.Scratch.TryRemove(pieces[piece], out _);
                    if (fates[piece] == 2)
                        killed.FakeFiles.Scratch[pieces[piece]][17] ^= 1;
                }

                int lost = fates.Count(fate => fate != 0);
                FakeJobContext next = killed.NextAttempt();
                (byte[] resumed, CompletedResult result) = await RunAsync(next);
                Assert.Equal(uninterrupted, resumed);
                Assert.Equal((8, 8 + lost, 8 - lost), Counts(result));
            },
            iter: 15,
            threads: 1);
    }

    [Theory]
    [InlineData("""{"operation":"denoise","inputs":["tall"],"output":"a.png"}""")]
    [InlineData("""{"operation":"resize","inputs":["b"],"width":70,"height":500,"output":"a.png"}""")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":71,"height":500,"output":"a.png"}""")]
    [InlineData("""{"operation":"resize","inputs":["a"],"width":70,"height":501,"output":"a.png"}""")]
    public async Task A_checkpoint_of_another_payload_is_set_aside_and_the_result_says_so(string other)
    {
        (byte[] uninterrupted, _) = await RunAsync(new FakeJobContext(Resize, Files()));
        byte[] foreign = (await KillAsync(new FakeJobContext(other, Files()), 2)).SavedCheckpoint!;
        await AssertSetAsideAsync(foreign, "The saved checkpoint belongs to another payload or version", uninterrupted);
    }

    [Fact]
    public async Task A_denoise_of_another_strength_sets_the_checkpoint_aside()
    {
        FakeJobContext killed = await KillAsync(new FakeJobContext(Denoise, Files()), 2);
        FakeJobContext other = new FakeJobContext(Denoise.Replace("0.3", "0.31", StringComparison.Ordinal), Files()).NextAttempt(killed.SavedCheckpoint!);
        (_, CompletedResult result) = await RunAsync(other);
        Assert.Equal((3, 3, 0), Counts(result));
        Assert.StartsWith("The saved checkpoint belongs to another", (string?)result.Result!["checkpoint_ignored"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no JSON", "The saved checkpoint cannot be read")]
    [InlineData("{}", "The saved checkpoint cannot be read")]
    [InlineData("null", "The saved checkpoint belongs to another payload or version")]
    public async Task A_damaged_checkpoint_is_set_aside_and_the_result_says_so(string damaged, string reason)
    {
        (byte[] uninterrupted, _) = await RunAsync(new FakeJobContext(Resize, Files()));
        await AssertSetAsideAsync(Encoding.UTF8.GetBytes(damaged), reason, uninterrupted);
    }

    [Fact]
    public async Task A_cancelled_job_stops_between_tile_rows_and_writes_no_output()
    {
        FakeJobContext killed = await KillAsync(new FakeJobContext(Resize, Files()), 2);
        Assert.Empty(killed.FakeFiles.Outputs);
        Assert.Equal(2, killed.FakeFiles.Scratch.Count);
    }

    private static async Task AssertSetAsideAsync(byte[] checkpoint, string reason, byte[] uninterrupted)
    {
        FakeJobContext next = new FakeJobContext(Resize, Files()).NextAttempt(checkpoint);
        (byte[] bytes, CompletedResult result) = await RunAsync(next);
        Assert.Equal(uninterrupted, bytes);
        Assert.Equal((8, 8, 0), Counts(result));
        Assert.StartsWith(reason, (string?)result.Result!["checkpoint_ignored"], StringComparison.Ordinal);
        Assert.StartsWith(reason, next.Progress[0].Message, StringComparison.Ordinal);
    }

    private static (int Total, int Computed, int Resumed) Counts(CompletedResult result) =>
        ((int)result.Result!["tile_rows"]!, (int)result.Result["computed_tile_rows"]!, (int)result.Result["resumed_tile_rows"]!);

    private static FakeJobFiles Files()
    {
        var files = new FakeJobFiles();
        files.Inputs["a"] = TestPictures.Png(TestPictures.Noise(90, 120, 5));
        files.Inputs["tall"] = TestPictures.Png(TestPictures.Noise(30, 180, 7));
        files.Inputs["b"] = TestPictures.Png(TestPictures.Noise(90, 120, 6));
        return files;
    }

    private static async Task<(byte[] Bytes, CompletedResult Result)> RunAsync(FakeJobContext context)
    {
        using var connector = new ImagingConnector(new ImagingOptions { Device = "cpu" });
        var result = Assert.IsType<CompletedResult>(await connector.ExecuteAsync(context, CancellationToken.None));
        return (context.FakeFiles.Outputs[Assert.Single(result.Outputs).Artefact], result);
    }

    /// <summary>Runs until so many tile rows of this run are kept (<paramref name="offset"/>: those of earlier runs), then cancels.</summary>
    private static async Task<FakeJobContext> KillAsync(FakeJobContext context, int after, int offset = 0)
    {
        using var stop = new CancellationTokenSource();
        using var connector = new ImagingConnector(new ImagingOptions
        {
            Device = "cpu",
            TileRowKept = async (done, _) =>
            {
                if (done == offset + after)
                    await stop.CancelAsync();
            },
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connector.ExecuteAsync(context, stop.Token));
        return context;
    }
}

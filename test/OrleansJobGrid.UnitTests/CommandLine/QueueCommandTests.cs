using OrleansJobGrid.UnitTests.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class QueueCommandTests
{
    private const string Done = """{"success":true,"queue":"night","message":"Queue 'night' gives out no jobs.","paused_since":"2026-01-02T03:04:05.678Z"}""";

    [Theory]
    [InlineData(new[] { "queues", "pause", "night" }, "/api/queues/night/pause", "")]
    [InlineData(new[] { "queues", "pause", "a:1", "--reason", "by day" }, "/api/queues/a:1/pause", """{"reason":"by day"}""")]
    [InlineData(new[] { "queues", "resume", "night" }, "/api/queues/night/resume", "")]
    public async Task AQueueCommand_AsksForTheQueueAndSaysWhatTheGridSays(string[] args, string target, string body)
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(Done);
        Assert.Equal(0, await run.InvokeAsync([.. args, "--url", grid.Url]));
        Assert.Equal("Queue 'night' gives out no jobs.\n", run.Out);
        var sent = Assert.Single(grid.Requests);
        Assert.Equal(("POST", target, body), (sent.Method, Uri.UnescapeDataString(sent.Target), sent.Text));
    }

    [Fact]
    public async Task AQueueCommand_WithJson_IsTheAnswer()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(Done);
        Assert.Equal(0, await run.InvokeAsync("queues", "pause", "night", "--json", "--url", grid.Url));
        Assert.Equal("2026-01-02T03:04:05.678Z", System.Text.Json.Nodes.JsonNode.Parse(run.Out)!["paused_since"]!.GetValue<string>());
    }

    [Fact]
    public async Task Queues_ShowsSinceWhenAndWhyOneIsPaused()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""
            {"queues":[{"name":"default","depth":0,"waiting_workers":1,"paused_since":null,"pause_reason":null},{"name":"night","depth":3,"waiting_workers":0,"paused_since":"2026-01-02T03:04:05.678Z","pause_reason":"by day"}]}
            """);
        Assert.Equal(0, await run.InvokeAsync("queues", "--url", grid.Url));
        Assert.Equal(
            """
            QUEUE    JOBS  WAITING WORKERS  PAUSED SINCE          REASON
            default  0     1                -                     -
            night    3     0                2026-01-02 03:04:05Z  by day

            """.ReplaceLineEndings("\n"), run.Out);
    }

    [Theory]
    [InlineData(new[] { "queues", "pause" }, "See 'jobgrid queues pause --help'.")]
    [InlineData(new[] { "queues", "pause", "night", "--reason", "" }, "--reason takes 1 to 500 characters")]
    [InlineData(new[] { "queues", "resume", "night", "--reason", "x" }, "See 'jobgrid queues resume --help'.")]
    public async Task Invoke_WhenTheUsageIsWrong_ExitsWith2AndSaysWhatIsRight(string[] args, string expected)
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.InvokeAsync(args));
        Assert.Contains(expected, run.Error);
    }
}

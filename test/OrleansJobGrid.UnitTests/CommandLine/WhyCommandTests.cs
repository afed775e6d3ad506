using System.Text.Json.Nodes;
using OrleansJobGrid.UnitTests.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class WhyCommandTests
{
    private const string Waiting = """
        {"success":true,"job_id":"a","status":"pending","summary":"No worker that lives has sdxl. 7 workers: 5 lack model sdxl, 2 have 16 GB of the 24 GB needed.","workable":true,
         "workers":{"registered":9,"live":7,"matching":2,"free":1},
         "clauses":[{"clause":"models","workers":5,"detail":"lacks model sdxl","examples":["w-1","w-2"]},
                    {"clause":"gpu_memory","workers":2,"detail":"has 16 GB of the 24 GB needed","examples":["w-6","w-7"]}],
         "position":3,"position_is_at_least":true,"seconds_ahead":130,"run":{"p50_seconds":40,"p90_seconds":100,"measured":12},
         "envelope":{"gpu_memory_mb":18000,"source":"learned"},"customer_held":null,"not_now":[{"reason":"too little free GPU memory","workers":2}],
         "start":{"p50_seconds":180,"p90_seconds":480},"timestamp":"2026-01-02T03:04:05.678Z"}
        """;

    [Fact]
    public async Task Why_OfAWaitingJob_SaysTheReasonThePlaceAndTheStart()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(Waiting);
        Assert.Equal(0, await run.InvokeAsync("why", "a", "--url", grid.Url));
        Assert.Equal("/api/jobs/a/why", Assert.Single(grid.Requests).Target);
        Assert.Equal(
            """
            No worker that lives has sdxl. 7 workers: 5 lack model sdxl, 2 have 16 GB of the 24 GB needed.

            Workers:  9 registered, 7 live, 2 can do it, 1 of them with a free slot
            Not now:  2 workers: too little free GPU memory
            Place:    beyond 3, 2 min of work before it
            Start:    in about 3 min, 9 of 10 within 8 min
            Run:      about 40 s, 9 of 10 within 2 min (measured from 12)
            Memory:   18000 MB of GPU memory (as runs before showed)

            WORKERS  CLAUSE      WHY                            SUCH AS
            5        models      lacks model sdxl               w-1 w-2
            2        gpu_memory  has 16 GB of the 24 GB needed  w-6 w-7

            """.ReplaceLineEndings("\n"), run.Out);
    }

    [Fact]
    public async Task Why_OfARunningJob_IsTheSummaryAlone()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(
            """{"job_id":"a","status":"in_progress","summary":"It runs\u001b on w.","workable":true,"workers":{"registered":0,"live":0,"matching":0,"free":0},"clauses":[],"not_now":[]}""");
        Assert.Equal(0, await run.InvokeAsync("why", "a", "--url", grid.Url));
        Assert.Equal("It runs  on w.\n", run.Out);
    }

    [Theory]
    [InlineData(0.0, null, "Start:    at once\n")]
    [InlineData(7.2, null, "Start:    in about 7 s\n")]
    [InlineData(7.2, 9000.0, "Start:    in about 7 s, 9 of 10 within 2.5 h\n")]
    [InlineData(null, null, "Start:    nobody knows yet: no job like it has run\n")]
    [InlineData(0.4, 0.8, "Start:    in about 1 s, 9 of 10 within 1 s\n")]
    public async Task Why_TellsTheStartInWords(double? p50, double? p90, string line)
    {
        using var run = new CommandRun();
        var start = p50 is null ? "null" : FormattableString.Invariant($$"""{"p50_seconds":{{p50}},"p90_seconds":{{(p90 is null ? "null" : FormattableString.Invariant($"{p90}"))}}}""");
        await using var grid = await CannedGrid.StartAsync(
            $$"""{"job_id":"a","status":"pending","summary":"s","workers":{"registered":1,"live":1,"matching":1,"free":0},"position":1,"position_is_at_least":false,"start":{{start}}}""");
        Assert.Equal(0, await run.InvokeAsync("why", "a", "--url", grid.Url));
        Assert.Contains("Place:    1\n", run.Out);
        Assert.Contains(line, run.Out);
    }

    [Fact]
    public async Task Why_OfAPausedQueue_GuessesNoStart()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(
            """{"job_id":"a","status":"pending","summary":"Its queue is paused.","workers":{"registered":1,"live":1,"matching":1,"free":1},"position":1,"queue_paused_since":"2026-01-02T03:04:05.678Z","queue_pause_reason":"r","start":null}""");
        Assert.Equal(0, await run.InvokeAsync("why", "a", "--url", grid.Url));
        Assert.Contains("Place:    1\n", run.Out);
        Assert.DoesNotContain("Start:", run.Out);
    }

    [Fact]
    public async Task Why_WithJson_IsTheAnswerAsOneDocument()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(Waiting);
        Assert.Equal(0, await run.InvokeAsync("why", "a", "--json", "--url", grid.Url));
        var document = JsonNode.Parse(run.Out)!;
        Assert.Equal((480, "w-6"), (document["start"]!["p90_seconds"]!.GetValue<double>(), document["clauses"]![1]!["examples"]![0]!.GetValue<string>()));
        Assert.Equal(18_000, document["envelope"]!["gpu_memory_mb"]!.GetValue<int>());
    }

    [Fact]
    public async Task Why_OfAJobThatIsNotThere_ExitsWith3()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"title":"Not found","status":404,"detail":"There is no job 'a'."}""", 404, "application/problem+json");
        Assert.Equal(3, await run.InvokeAsync("why", "a", "--url", grid.Url));
        Assert.Equal("jobgrid: The grid says: There is no job 'a'. Look for the right id with 'jobgrid jobs'.\n", run.Error);
    }
}

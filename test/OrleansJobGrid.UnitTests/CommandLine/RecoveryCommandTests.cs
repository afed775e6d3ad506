using System.Text.Json.Nodes;
using OrleansJobGrid.UnitTests.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class RecoveryCommandTests
{
    private const string Kind = "00000000000000aa";

    [Theory]
    [InlineData("cancel")]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("retry")]
    public async Task AControlCommand_SendsItsReasonAndSaysWhatTheGridSays(string verb)
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"success":true,"job_id":"a:1","status":"in_progress","message":"The job's worker is told."}""");
        Assert.Equal(0, await run.InvokeAsync(verb, "a:1", "--reason", "night shift", "--url", grid.Url));
        Assert.Equal("a:1  The job's worker is told.\n", run.Out);
        Assert.Equal(0, await run.InvokeAsync(verb, "a:1", "--json", "--url", grid.Url));
        Assert.Contains("\"status\": \"in_progress\"", run.Out);
        Assert.All(grid.Requests, r => Assert.Equal(("POST", $"/api/jobs/a:1/{verb}"), (r.Method, Uri.UnescapeDataString(r.Target))));
        Assert.Equal(["""{"reason":"night shift"}""", ""], grid.Requests.Select(r => r.Text));
        Assert.Equal("application/json", grid.Requests[0].ContentType);
    }

    [Fact]
    public async Task AControlCommand_WhenTheStateRefuses_ExitsWith3AndSaysWhereToLook()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(
            """{"title":"Conflict","status":409,"detail":"The job is completed already, which is final.","job_id":"a"}""", 409, "application/problem+json");
        Assert.Equal(3, await run.InvokeAsync("pause", "a", "--url", grid.Url));
        Assert.Equal("jobgrid: The grid says: The job is completed already, which is final. 'jobgrid status a' shows where it stands.\n", run.Error);
    }

    [Fact]
    public async Task Resolve_TakesItsResultFromAFileOrTheCommandLine()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"success":true,"job_id":"a","status":"completed","message":"done"}""");
        var file = run.Write("result.json", "{ \"x\": 1 }");
        Assert.Equal(0, await run.InvokeAsync("resolve", "a", "completed", "--result", file, "--reason", "seen", "--url", grid.Url));
        Assert.Equal(0, await run.InvokeAsync("resolve", "a", "completed", "--result", "[2]", "--url", grid.Url));
        Assert.Equal(0, await run.InvokeAsync("resolve", "a", "requeue", "--url", grid.Url));
        Assert.Equal(3, grid.Requests.Count);
        Assert.All(grid.Requests, r => Assert.Equal("/api/jobs/a/resolve", r.Target));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"resolution":"completed","reason":"seen","result":{"x":1}}"""), JsonNode.Parse(grid.Requests[0].Text)), grid.Requests[0].Text);
        Assert.Equal("""{"resolution":"completed","result":[2]}""", grid.Requests[1].Text);
        Assert.Equal("""{"resolution":"requeue"}""", grid.Requests[2].Text);
    }

    [Theory]
    [InlineData(new[] { "resolve", "a", "done" }, "done")]
    [InlineData(new[] { "resolve", "a", "fail", "--result", "{}" }, "--result goes with 'completed' only")]
    [InlineData(new[] { "resolve", "a", "completed", "--result", "x y" }, "neither a file nor valid JSON")]
    [InlineData(new[] { "pause", "a", "--reason", "" }, "--reason takes 1 to 500 characters")]
    [InlineData(new[] { "dead-letters", "--fingerprint", "xyz" }, "--fingerprint takes 16 of 0-9a-f")]
    [InlineData(new[] { "dead-letters", "--status", "completed" }, "completed")]
    [InlineData(new[] { "dead-letters", "--groups", "--service", "s" }, "--groups counts all dead letters and takes no --service")]
    [InlineData(new[] { "dead-letters", "requeue" }, "dead-letters requeue needs an ID or --fingerprint")]
    [InlineData(new[] { "dead-letters", "purge", "a", "--fingerprint", Kind }, "Both an ID and --fingerprint are given")]
    [InlineData(new[] { "dead-letters", "show" }, "See 'jobgrid dead-letters show --help'.")]
    public async Task Invoke_WhenTheUsageIsWrong_ExitsWith2AndSaysWhatIsRight(string[] args, string expected)
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.InvokeAsync(args));
        Assert.Contains(expected, run.Error);
        Assert.Equal("", run.Out);
    }

    [Fact]
    public async Task DeadLetters_InText_AreATableWithTheirErrors()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync($$"""
            {"success":true,"dead_letters":[{"id":"a","status":"failed","service_required":"s","attempt":3,"fingerprint":"{{Kind}}","failed_at":"2026-01-02T03:04:05.678Z","error":"no memory"}],"next_cursor":"c"}
            """);
        Assert.Equal(0, await run.InvokeAsync("dead-letters", "--service", "s", "--status", "failed", "--fingerprint", Kind, "--url", grid.Url));
        Assert.Equal($"/api/dead-letters?service=s&fingerprint={Kind}&status=failed&limit=50", Assert.Single(grid.Requests).Target);
        Assert.Equal(
            $"ID  STATUS  ENDED                 SERVICE  ATTEMPT  FINGERPRINT       ERROR\na   failed  2026-01-02 03:04:05Z  s        3        {Kind}  no memory\n", run.Out);
        Assert.Equal("There are more: --cursor c\n", run.Error);
    }

    [Fact]
    public async Task DeadLetters_ByGroups_NameTheirFingerprintsAndSayWhenTruncated()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync($$"""
            {"success":true,"groups":[{"fingerprint":"{{Kind}}","service":"s","failure_type":"resource_limit","failure_reason":"gpu_memory_full","message":"m","count":7,"example_job_id":"a"}],"truncated":true}
            """);
        Assert.Equal(0, await run.InvokeAsync("dead-letters", "--groups", "--url", grid.Url));
        Assert.Equal("/api/dead-letters/groups", Assert.Single(grid.Requests).Target);
        Assert.Contains($"\n{Kind}  7      s        resource_limit/gpu_memory_full  -      -     a        m\n", run.Out);
        Assert.Contains("only the newest 5,000", run.Error);
    }

    [Fact]
    public async Task DeadLettersRequeue_OfAGroup_GoesOnToItsEndAndCountsAll()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync((context, received, _) => CannedGrid.AnswerAsync(context, received.Text.Contains("cursor")
            ? """{"success":false,"requeued":5,"refused":[{"job_id":"b","error":"its deadline has passed"}],"next_cursor":null}"""
            : """{"success":true,"requeued":20000,"refused":[],"next_cursor":"c1"}"""));
        Assert.Equal(3, await run.InvokeAsync("dead-letters", "requeue", "--fingerprint", Kind, "--reason", "mended", "--url", grid.Url));
        Assert.Equal("20005 requeued, 1 refused.\n", run.Out);
        Assert.Equal("jobgrid: b: its deadline has passed\n", run.Error);
        Assert.Equal(
            [$$"""{"fingerprint":"{{Kind}}","reason":"mended"}""", $$"""{"fingerprint":"{{Kind}}","cursor":"c1","reason":"mended"}"""], grid.Requests.Select(r => r.Text));
    }

    [Fact]
    public async Task DeadLettersPurge_OfAGroup_SaysHowMany()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"success":true,"purged":7,"refused":[],"next_cursor":null}""");
        Assert.Equal(0, await run.InvokeAsync("dead-letters", "purge", "--fingerprint", Kind, "--json", "--url", grid.Url));
        Assert.Equal("{\"purged\":7,\"refused\":[]}\n", run.Out);
        Assert.Equal(("/api/dead-letters/purge", $$"""{"fingerprint":"{{Kind}}"}"""), (grid.Requests[0].Target, grid.Requests[0].Text));
    }

    [Fact]
    public async Task DeadLettersRequeueAndPurge_OfOne_NameItInThePath()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"success":true,"job_id":"a","message":"done"}""");
        Assert.Equal(0, await run.InvokeAsync("dead-letters", "requeue", "a", "--url", grid.Url));
        Assert.Equal(0, await run.InvokeAsync("dead-letters", "purge", "a", "--url", grid.Url));
        Assert.Equal([("POST", "/api/dead-letters/a/requeue"), ("DELETE", "/api/dead-letters/a")], grid.Requests.Select(r => (r.Method, r.Target)));
    }

    [Fact]
    public async Task DeadLettersRequeue_OfAGroupThatIsNotThere_SaysWhereGroupsAre()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"success":true,"requeued":0,"refused":[],"next_cursor":null}""");
        Assert.Equal(0, await run.InvokeAsync("dead-letters", "requeue", "--fingerprint", Kind, "--url", grid.Url));
        Assert.Equal($"There is no dead letter with the fingerprint {Kind}: see 'jobgrid dead-letters --groups'.\n", run.Out);
    }

    [Fact]
    public async Task Status_OfAHeldJob_SaysWhyWhereItsWorkIsAndHowToEndIt()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""
            {"job":{"id":"a","status":"reconciling","attempt":1,"held_reason":"not reachable: refused","pause_requested":true,"rescues":1,
             "submissions":[{"instance":"comfy-1","external_id":"u-u","epoch":2,"n":1,"at":"2026-01-02T03:04:05.678Z","boot_mark":null}],
             "failures":[{"attempt":1,"worker_id":"w","failure_class":"transient","failure_type":"network","failure_reason":"refused","message":"m","at":"2026-01-02T03:04:05.678Z"}]}}
            """);
        Assert.Equal(0, await run.InvokeAsync("status", "a", "--url", grid.Url));
        Assert.Contains("held:       not reachable: refused ('jobgrid resolve a completed|requeue|fail' ends this)\n", run.Out);
        Assert.Contains("submitted:  comfy-1 as u-u (epoch 2, post 1) at 2026-01-02 03:04:05Z\n", run.Out);
        Assert.Contains("failure 1:  transient, network/refused on w at 2026-01-02 03:04:05Z: m\n", run.Out);
        Assert.Contains("requested:  pause, not confirmed by its worker yet\n", run.Out);
    }

    [Fact]
    public async Task Events_ShowEachDecisionInOrder_AndTheWholeReportAsJson()
    {
        const string log = """
            {"events":[{"sequence":1,"type":"attempt_failed","from":"in_progress","to":"in_progress","attempt":1,"epoch":1,"worker_id":"w","reason":"attempt 1 of 3",
              "failure":{"failure_class":"transient","failure_type":"network","failure_reason":"refused","message":"no route","stack":"at X","instance":"comfy-1"}},
             {"sequence":2,"type":"requeued","from":"in_progress","to":"retrying","attempt":1,"epoch":1,"worker_id":"w","reason":"again in 2 s","failure":null}]}
            """;
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(log);
        Assert.Equal(0, await run.InvokeAsync("events", "a", "--url", grid.Url));
        Assert.Contains("  attempt 1 of 3; transient, network/refused at comfy-1: no route\n", run.Out);
        Assert.EndsWith("  again in 2 s\n", run.Out);
        using var json = new CommandRun();
        Assert.Equal(0, await json.InvokeAsync("events", "a", "--json", "--url", grid.Url));
        Assert.Equal("at X", JsonNode.Parse(json.Out.Split('\n')[0])!["failure"]!["stack"]!.GetValue<string>());
    }

    [Fact]
    public async Task Workers_WithInstances_ShowTheirBreakers()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""
            {"workers":[{"worker_id":"w","node":"n","services":["comfy"],"slots":1,"jobs":[],"state":"active","instances":[
              {"instance":"c1","service":"comfy","on_this_machine":true,"breaker":null,"health":{"state":"proved","capabilities":["cancel","progress"],"version":"0.27","costs":["It cannot be asked."],"fault":null}},
              {"instance":"c2","service":"comfy","on_this_machine":false,"breaker":{"state":"open","reason":"503 five times","since":"2026-01-02T03:04:05.678Z"}}]}]}
            """);
        Assert.Equal(0, await run.InvokeAsync("workers", "--url", grid.Url));
        Assert.EndsWith("""

            INSTANCE  SERVICE  WORKER  PLACE             HEALTH  CAN              VERSION  BREAKER  SINCE                 REASON
            c1        comfy    w       worker's machine  proved  cancel progress  0.27     closed   -                     -
            c2        comfy    w       elsewhere         -       -                -        open     2026-01-02 03:04:05Z  503 five times
            ! c1: It cannot be asked.

            """.ReplaceLineEndings("\n"), run.Out);
    }
}

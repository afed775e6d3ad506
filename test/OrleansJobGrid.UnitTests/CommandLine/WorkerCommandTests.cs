using Microsoft.AspNetCore.Http;
using OrleansJobGrid.UnitTests.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class WorkerCommandTests
{
    private const string Done = """{"success":true,"worker_id":"w","message":"Worker 'w' claims no more."}""";

    private const string Fleet = """
        {"workers":[
          {"worker_id":"gpu-7:0","node":"gpu-7","services":["comfyui"],"slots":1,"jobs":["j"],"state":"draining","version":"1","drain_reason":"spot notice",
           "gpu":{"uuid":"GPU-1","name":"RTX 4090","memory_total_mb":24564,"memory_free_mb":20000,"processes":1,"fault":null},
           "loaded_models":["sdxl","flux"],"model_loads":5,"last_seen_at":"2026-01-02T03:04:05.678Z","doubts":["more models than fit"]},
          {"worker_id":"gpu-7:1","node":"gpu-7","services":["comfyui"],"slots":1,"jobs":[],"state":"active","version":"1",
           "gpu":{"uuid":"GPU-2","name":"RTX 4090","memory_total_mb":24564,"memory_free_mb":1,"processes":0,"fault":"the driver does not answer"},"last_seen_at":"2026-01-02T03:04:05.678Z"},
          {"worker_id":"gpu-7:2","node":"gpu-7","services":["comfyui"],"slots":1,"jobs":[],"state":"offline","version":"1","last_seen_at":"2026-01-01T00:00:00.000Z"},
          {"worker_id":"cpu-1","node":"cpu-1","services":["imaging"],"slots":4,"jobs":[],"state":"active","version":"1","last_seen_at":"2026-01-02T03:04:05.678Z"}]}
        """;

    [Theory]
    [InlineData(new[] { "drain", "w" }, "POST", "/api/workers/w/drain", "{}")]
    [InlineData(new[] { "drain", "w", "--deadline", "30s", "--reason", "spot notice" }, "POST", "/api/workers/w/drain", """{"deadline_seconds":30,"reason":"spot notice"}""")]
    [InlineData(new[] { "drain", "gpu-7:0", "--deadline", "2m" }, "POST", "/api/workers/gpu-7%3A0/drain", """{"deadline_seconds":120}""")]
    [InlineData(new[] { "undrain", "w" }, "POST", "/api/workers/w/resume", "")]
    [InlineData(new[] { "forget", "w" }, "DELETE", "/api/workers/w", "")]
    public async Task AWorkerCommand_AsksForTheWorkerAndSaysWhatTheGridSays(string[] args, string method, string target, string body)
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(Done);
        Assert.Equal(0, await run.InvokeAsync([.. args, "--url", grid.Url]));
        Assert.Equal("Worker 'w' claims no more.\n", run.Out);
        var sent = Assert.Single(grid.Requests);
        Assert.Equal((method, Uri.UnescapeDataString(target), body), (sent.Method, Uri.UnescapeDataString(sent.Target), sent.Text));
    }

    [Fact]
    public async Task AWorkerCommand_WithJson_IsAnArrayOfAnswers()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(Done);
        Assert.Equal(0, await run.InvokeAsync("undrain", "w", "--json", "--url", grid.Url));
        Assert.Equal("w", System.Text.Json.Nodes.JsonNode.Parse(run.Out)![0]!["worker_id"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("drain", 404, "There is no worker 'w': GET /api/workers lists them.")]
    [InlineData("undrain", 404, "There is no worker 'w': GET /api/workers lists them.")]
    [InlineData("forget", 409, "Worker 'w' lives.")]
    public async Task AWorkerCommand_ThatIsRefused_ExitsWith3AndSaysWhereTheWorkersAre(string command, int status, string detail)
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync($$"""{"title":"No","status":{{status}},"detail":"{{detail}}"}""", status, "application/problem+json");
        Assert.Equal(3, await run.InvokeAsync(command, "w", "--url", grid.Url));
        Assert.Equal($"jobgrid: The grid says: {detail} 'jobgrid workers' shows their ids and states.\n", run.Error);
    }

    [Theory]
    [InlineData(new[] { "drain" }, "Name either a WORKER or a machine with --node.")]
    [InlineData(new[] { "drain", "w", "--node", "n" }, "Name either a WORKER or a machine with --node.")]
    [InlineData(new[] { "drain", "w", "--deadline", "soon" }, "--deadline takes a time of at most a day, such as 30s, 2m or 1h.")]
    [InlineData(new[] { "drain", "w", "--deadline", "25h" }, "--deadline takes a time")]
    [InlineData(new[] { "drain", "w", "--deadline", "-1s" }, "--deadline takes a time")]
    [InlineData(new[] { "drain", "w", "--reason", "" }, "--reason takes 1 to 500 characters")]
    [InlineData(new[] { "undrain" }, "See 'jobgrid undrain --help'.")]
    [InlineData(new[] { "forget" }, "See 'jobgrid forget --help'.")]
    public async Task Invoke_WhenTheUsageIsWrong_ExitsWith2AndSaysWhatIsRight(string[] args, string expected)
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.InvokeAsync(args));
        Assert.Contains(expected, run.Error);
        Assert.Equal("", run.Out);
    }

    [Theory]
    [InlineData("gpu-7")]
    [InlineData("GPU-7")]
    [InlineData("gpu-7.example.net")]
    public async Task Drain_OfAMachine_DrainsItsWorkersThatHaveASession(string node)
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync((context, received, _) => CannedGrid.AnswerAsync(context, received.Method == "GET" ? Fleet : Done));
        Assert.Equal(0, await run.InvokeAsync("drain", "--node", node, "--deadline", "90s", "--url", grid.Url));
        Assert.Equal(
            ["/api/workers", "/api/workers/gpu-7:0/drain", "/api/workers/gpu-7:1/drain"], grid.Requests.Select(r => Uri.UnescapeDataString(r.Target)));
        Assert.All(grid.Requests.Skip(1), r => Assert.Equal("""{"deadline_seconds":90}""", r.Text));
    }

    [Fact]
    public async Task Drain_OfAMachine_GoesOnWhereOneWorkerRefuses()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync((context, received, _) => received.Method == "GET" ? CannedGrid.AnswerAsync(context, Fleet)
            : Uri.UnescapeDataString(received.Target).Contains("gpu-7:0", StringComparison.Ordinal)
                ? CannedGrid.AnswerAsync(context, """{"title":"Not found","status":404,"detail":"It has left."}""", 404, "application/problem+json")
                : CannedGrid.AnswerAsync(context, Done));
        Assert.Equal(3, await run.InvokeAsync("drain", "--node", "gpu-7", "--url", grid.Url));
        Assert.Equal("Worker 'w' claims no more.\n", run.Out);
        Assert.Equal("jobgrid: gpu-7:0: It has left.\n", run.Error);
    }

    [Fact]
    public async Task Drain_OfAMachineWithoutWorkers_ExitsWith3()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(Fleet);
        Assert.Equal(3, await run.InvokeAsync("drain", "--node", "gpu-8", "--url", grid.Url));
        Assert.Equal("jobgrid: No worker of machine 'gpu-8' has a session. See the nodes in 'jobgrid workers'.\n", run.Error);
    }

    [Fact]
    public async Task Workers_ShowTheirGpusTheirModelsAndWhatIsOdd()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(Fleet);
        Assert.Equal(0, await run.InvokeAsync("workers", "--url", grid.Url));
        Assert.Equal(
            """
            WORKER   STATE     RUNNING  SERVICES  NODE   GPU       FREE MB      MODELS  LAST SEEN             VERSION
            gpu-7:0  draining  1/1      comfyui   gpu-7  RTX 4090  20000/24564  2       2026-01-02 03:04:05Z  1
            gpu-7:1  active    0/1      comfyui   gpu-7  RTX 4090  ?            -       2026-01-02 03:04:05Z  1
            gpu-7:2  offline   0/1      comfyui   gpu-7  -         -            -       2026-01-01 00:00:00Z  1
            cpu-1    active    0/4      imaging   cpu-1  -         -            -       2026-01-02 03:04:05Z  1
            ! gpu-7:0: more models than fit
            gpu-7:0 is to drain: spot notice
            ! gpu-7:1: the driver does not answer

            """.ReplaceLineEndings("\n"), run.Out);
    }

    [Fact]
    public async Task Workers_ByModels_TellWhoHasThemAndWhoLacksThem()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""
            {"models":[{"kind":"model","name":"sdxl","workers":["w-1","w-2"],"loaded_on":["w-2"],"waiting_jobs":1,"lacked_by":0},
                       {"kind":"custom_node","name":"Impact-Pack","workers":[],"loaded_on":[],"waiting_jobs":3,"lacked_by":3}]}
            """);
        Assert.Equal(0, await run.InvokeAsync("workers", "--models", "--url", grid.Url));
        Assert.Equal("/api/models", Assert.Single(grid.Requests).Target);
        Assert.Equal(
            """
            KIND         NAME         WORKERS  LOADED ON  WAITING JOBS  LACKED BY
            model        sdxl         w-1 w-2  w-2        1             -
            custom_node  Impact-Pack  -        -          3             3

            """.ReplaceLineEndings("\n"), run.Out);
    }

    [Fact]
    public async Task Demand_IsATableOfClasses()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(
            """{"demand":[{"class":"comfyui gpu_memory_gb=24","jobs":12,"work_seconds":480,"oldest_seconds":61.2,"workers":2,"wanted_workers":5,"paused_jobs":0},{"class":"imaging","jobs":0,"work_seconds":0,"oldest_seconds":0,"workers":1,"wanted_workers":0,"paused_jobs":7}]}""");
        Assert.Equal(0, await run.InvokeAsync("demand", "--url", grid.Url));
        Assert.Equal("/api/demand", Assert.Single(grid.Requests).Target);
        Assert.Equal(
            """
            CLASS                     JOBS  WORK   OLDEST  WORKERS  WANTED  PAUSED
            comfyui gpu_memory_gb=24  12    8 min  61 s    2        5       -
            imaging                   0     -      -       1        0       7

            """.ReplaceLineEndings("\n"), run.Out);
    }
}

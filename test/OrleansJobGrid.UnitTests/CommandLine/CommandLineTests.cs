using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Storage;
using OrleansJobGrid.UnitTests.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Invoke_WithoutArguments_ShowsTheCommandsAndExitCodes()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.InvokeAsync());
        string[] commands = ["up", "run <FILE>", "submit <FILE>", "status <ID>", "watch <ID>", "cancel <ID>", "pause <ID>", "resume <ID>", "retry <ID>", "resolve <ID>", "jobs", "why <ID>", "workers", "drain <WORKER>", "undrain <WORKER>", "forget <WORKER>", "demand", "queues", "dead-letters", "events <ID>", "doctor", "version"];
        Assert.All(commands, c => Assert.Contains($"\n  {c} ", run.Out));
        Assert.Contains("Exit codes:", run.Out);
    }

    [Theory]
    [InlineData(new[] { "statu", "x" }, "Did you mean 'status'?")]
    [InlineData(new[] { "jobs", "--stats", "failed" }, "See 'jobgrid jobs --help'.")]
    [InlineData(new[] { "jobs", "--status", "broken" }, "broken")]
    [InlineData(new[] { "status" }, "ID")]
    [InlineData(new[] { "jobs", "--limit", "0" }, "--limit takes a number from 1 to 500.")]
    [InlineData(new[] { "doctor", "--url", "http://x", "--data", "y" }, "Give one of --url, --data and --redis.")]
    [InlineData(new[] { "up", "--roles", "gateway,wroker" }, "--roles is 'gateway,wroker'")]
    [InlineData(new[] { "up", "--roles", "worker" }, "with --redis, or add the role grid")]
    [InlineData(new[] { "up", "--urls", "8080" }, "--urls holds '8080'")]
    [InlineData(new[] { "up", "--slots", "0" }, "--slots takes")]
    [InlineData(new[] { "up", "--config", "/no/such.json" }, "There is no configuration file '/no/such.json'")]
    [InlineData(new[] { "status", "a", "--url", "localhost" }, "which is no address. Write it like http://127.0.0.1:8080.")]
    [InlineData(new[] { "run", "/no/such.json" }, "there is no such file")]
    public async Task Invoke_WhenTheUsageIsWrong_ExitsWith2AndSaysWhatIsRight(string[] args, string expected)
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.InvokeAsync(args));
        Assert.Contains(expected, run.Error);
        Assert.Equal("", run.Out);
    }

    [Theory]
    [InlineData("status a")]
    [InlineData("watch a")]
    [InlineData("cancel a")]
    [InlineData("pause a")]
    [InlineData("resolve a fail")]
    [InlineData("dead-letters")]
    [InlineData("dead-letters show a")]
    [InlineData("dead-letters purge a")]
    [InlineData("jobs")]
    [InlineData("workers")]
    [InlineData("workers --models")]
    [InlineData("why a")]
    [InlineData("drain w")]
    [InlineData("undrain w")]
    [InlineData("forget w")]
    [InlineData("demand")]
    [InlineData("queues")]
    [InlineData("events a")]
    [InlineData("doctor")]
    [InlineData("submit FILE")]
    [InlineData("run FILE")]
    public async Task Invoke_WhenNoGridAnswers_ExitsWith3AndSaysHowToGetOne(string line)
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        using var run = new CommandRun();
        run.Variables["JOBGRID_URL"] = $"http://127.0.0.1:{port}";
        var file = run.Write("job.json", """{"service_required":"simulation"}""");
        Assert.Equal(3, await run.InvokeAsync(line.Replace("FILE", file).Split(' ')));
        Assert.Equal(
            $"jobgrid: No grid answers at http://127.0.0.1:{port}. Start one with 'jobgrid up', or name another with --url.\n", run.Error);
    }

    [Fact]
    public async Task Status_WhenThereIsNoSuchJob_ExitsWith3()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"title":"Not found","status":404,"detail":"There is no job 'a'."}""", 404, "application/problem+json");
        Assert.Equal(3, await run.InvokeAsync("status", "a", "--url", grid.Url));
        Assert.Equal("jobgrid: The grid says: There is no job 'a'. Look for the right id with 'jobgrid jobs'.\n", run.Error);
    }

    [Fact]
    public async Task Status_WhenAMessageHoldsControlCharacters_PrintsNone()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"job":{"id":"a","status":"failed","error":"bad\u001b]0;x\u0007"}}""");
        Assert.Equal(0, await run.InvokeAsync("status", "a", "--url", grid.Url));
        Assert.Contains("error:      bad ]0;x ", run.Out);
    }

    [Fact]
    public async Task Jobs_WithJson_IsOneDocument()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync("""{"success":true,"jobs":[{"id":"a","status":"pending","priority":50}],"next_cursor":"c"}""");
        Assert.Equal(0, await run.InvokeAsync("jobs", "--status", "pending", "--url", grid.Url, "--json"));
        var document = JsonNode.Parse(run.Out)!;
        Assert.Equal(("a", "c"), (document["jobs"]![0]!["id"]!.GetValue<string>(), document["next_cursor"]!.GetValue<string>()));
        Assert.Equal("/api/jobs?status=pending&limit=50", Assert.Single(grid.Requests).Target);
    }

    [Fact]
    public async Task Workers_InText_IsATableWithAlignedColumns()
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(
            """{"success":true,"workers":[{"worker_id":"w-long-1","node":"n","services":["a","b"],"slots":2,"running":1,"state":"ready","jobs":["j"],"version":"1"}]}""");
        Assert.Equal(0, await run.InvokeAsync("workers", "--url", grid.Url));
        Assert.Equal("WORKER    STATE  RUNNING  SERVICES  NODE  GPU  FREE MB  MODELS  LAST SEEN  VERSION\nw-long-1  ready  1/2      a,b       n     -    -        -       -          1\n", run.Out);
    }

    [Theory]
    [InlineData("completed", 0)]
    [InlineData("failed", 1)]
    [InlineData("cancelled", 1)]
    [InlineData("timeout", 1)]
    public async Task Watch_WithJson_IsALineAnEventAndTellsTheEndByItsExitCode(string status, int exitCode)
    {
        using var run = new CommandRun();
        var sse = "event: state\ndata: {\"id\":\"a\",\"status\":\"in_progress\"}\n\nevent: progress\ndata: {\"job_id\":\"a\",\"progress\":5}\n\n"
            + $"event: end\ndata: {{\"id\":\"a\",\"status\":\"{status}\"}}\n\n";
        await using var grid = await CannedGrid.StartAsync(sse, contentType: "text/event-stream");
        Assert.Equal(exitCode, await run.InvokeAsync("watch", "a", "--url", grid.Url, "--json"));
        var lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(["state", "progress", "end"], lines.Select(l => l["event"]!.GetValue<string>()));
        Assert.Equal(status, lines[2]["data"]!["status"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Watch_WithPreview_KeepsTheLatestPictureInTheFile(bool json)
    {
        using var run = new CommandRun();
        var sse = "event: state\ndata: {\"id\":\"a\",\"status\":\"in_progress\"}\n\nevent: preview\ndata: {\"job_id\":\"a\",\"content_type\":\"image/png\",\"data\":\"AQID\"}\n\n"
            + "event: preview\ndata: {\"job_id\":\"a\",\"content_type\":\"image/png\",\"data\":\"BAU=\"}\n\nevent: end\ndata: {\"id\":\"a\",\"status\":\"completed\"}\n\n";
        await using var grid = await CannedGrid.StartAsync((context, _, _) => context.Request.Path.Value!.EndsWith("/stream", StringComparison.Ordinal)
            ? CannedGrid.AnswerAsync(context, sse, contentType: "text/event-stream")
            : CannedGrid.AnswerAsync(context, """{"success":true,"job":{"id":"a","status":"in_progress"}}"""));
        var folder = Directory.CreateTempSubdirectory("jobgrid-watch-").FullName;
        try
        {
            var file = Path.Combine(folder, "now.png");
            Assert.Equal(0, await run.InvokeAsync(["watch", "a", "--url", grid.Url, "--preview", file, .. json ? ["--json"] : (string[])[]]));
            Assert.Equal([4, 5], await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.Equal([file], Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("degraded", 200, 0)]
    [InlineData("down", 503, 3)]
    public async Task Doctor_WithAUrl_ShowsTheHealth(string status, int http, int exitCode)
    {
        using var run = new CommandRun();
        await using var grid = await CannedGrid.StartAsync(
            $$"""{"status":"{{status}}","reasons":["why"],"store":{"kind":"redis","where":"h:1","durability":"d","findings":[{"setting":"appendfsync","value":"no","warning":"set it"}]},"roles":["grid"],"version":"1"}""", http);
        Assert.Equal(exitCode, await run.InvokeAsync("doctor", "--url", grid.Url));
        Assert.Contains("reason:     why\n", run.Out);
        Assert.Contains("WARNING:    appendfsync = no: set it\n", run.Out);
    }

    [Fact]
    public async Task Up_WhenStopped_DrainsAndExitsWith0()
    {
        await using var health = await CannedGrid.StartAsync(
            """{"status":"ok","store":{"kind":"sqlite","where":"d/jobs.db","durability":"survives a power cut","findings":[]},"roles":["grid"],"version":"1"}""");
        var (started, stopped) = (new TaskCompletionSource(), new List<TimeSpan>());
        using var run = new CommandRun
        {
            StartGrid = (options, _) =>
            {
                Assert.Equal((7, 2), (options.SiloPort, options.Slots));
                started.SetResult();
                return Task.FromResult(new StartedGrid(new Uri(health.Url), Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, default), budget =>
                {
                    stopped.Add(budget);
                    return Task.CompletedTask;
                }));
            },
        };

        var up = run.InvokeAsync("up", "--silo-port", "7", "--slots", "2");
        await started.Task;
        run.Stop.Request(isTermination: true);

        Assert.Equal(0, await up.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal([TimeSpan.FromSeconds(25)], stopped);
    }

    public static TheoryData<Exception, string> StartFailures => new()
    {
        { new StoreInUseException("The data folder ./data is held by process 42."), "jobgrid: The data folder ./data is held by process 42." },
        { new StoreUnavailableException("Redis at h:1 does not answer."), "jobgrid: Redis at h:1 does not answer. Look whether" },
        { new IOException("Failed to bind to address http://127.0.0.1:8080: address already in use.", new SocketException((int)SocketError.AddressAlreadyInUse)), "choose another address with --urls." },
    };

    [Theory]
    [MemberData(nameof(StartFailures), DisableDiscoveryEnumeration = true)]
    public async Task Up_WhenItCannotStart_ExitsWith3AndOneSentence(Exception failure, string expected)
    {
        using var run = new CommandRun { StartGrid = (_, _) => throw failure };
        Assert.Equal(3, await run.InvokeAsync("up"));
        Assert.Contains(expected, run.Error);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Version_WithJson_NamesAllThree()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.InvokeAsync("version", "--json"));
        Assert.StartsWith("10.", JsonNode.Parse(run.Out)!["orleans"]!.GetValue<string>());
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.UnitTests.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class RunCommandTests
{
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData("picture"u8));

    [Fact]
    public async Task Run_WhenAllComplete_UploadsEachFileOnceFetchesOutputsAndExitsWith0()
    {
        using var run = new CommandRun();
        await using var grid = await StartGridAsync(id => "completed");
        run.Write("in.png", "in");
        var file = run.Write("jobs.json", """
            [{"id":"a","service_required":"imaging","payload":{"operation":"resize","inputs":["in.png"],"output":"a.png"}},
             {"id":"b","service_required":"imaging","payload":{"operation":"resize","inputs":["in.png"],"output":"b.png"}}]
            """);
        var folder = Path.Combine(run.Folder.FullName, "pictures");

        Assert.Equal(0, await run.InvokeAsync("run", file, "--url", grid.Url, "--out", folder));

        Assert.Equal("picture", await File.ReadAllTextAsync(Path.Combine(folder, "a.png")));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder).Length);
        Assert.Single(grid.Requests, r => r.Target == "/api/artefacts");
        Assert.Equal("sha256-up", JsonNode.Parse(grid.Requests.Single(r => r.Target == "/api/jobs/batch").Text)![1]!["payload"]!["inputs"]![0]!.GetValue<string>());
        Assert.Contains("a  in_progress  50 %  half\n", run.Out);
        Assert.EndsWith($"{Path.Combine(folder, "a.png")}\n{Path.Combine(folder, "b.png")}\n2 of 2 jobs completed\n", run.Out);
        Assert.DoesNotContain('\u001b', run.Out);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Run_WhenOneFails_ExitsWith1AndSaysWhy()
    {
        using var run = new CommandRun();
        await using var grid = await StartGridAsync(id => id == "b" ? "failed" : "completed");
        var file = run.Write("jobs.json", """[{"id":"a","service_required":"simulation"},{"id":"b","service_required":"simulation"}]""");
        Assert.Equal(1, await run.InvokeAsync("run", file, "--url", grid.Url, "--out", run.Folder.FullName, "--json"));
        var report = JsonNode.Parse(run.Out)!;
        Assert.Equal(["completed", "failed"], report["jobs"]!.AsArray().Select(j => j!["job"]!["status"]!.GetValue<string>()));
        Assert.Equal(Path.Combine(run.Folder.FullName, "a.png"), report["jobs"]![0]!["files"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task Run_WhenInterrupted_CancelsTheJobsAndExitsWith1()
    {
        using var run = new CommandRun();
        await using var grid = await StartGridAsync(id =>
        {
            run.Stop.Request(isTermination: false);
            return null;
        });
        var file = run.Write("jobs.json", """{"id":"a","service_required":"simulation"}""");
        Assert.Equal(1, await run.InvokeAsync("run", file, "--url", grid.Url));
        Assert.Contains(grid.Requests, r => r is { Method: "POST", Target: "/api/jobs/a/cancel" });
        Assert.Contains("Cancelled 1 of 1 jobs.\n", run.Error);
        Assert.EndsWith("0 of 1 jobs completed\n", run.Out);
    }

    [Fact]
    public async Task Run_WithoutAUrl_StartsAGridOfItsOwnAndStopsIt()
    {
        await using var grid = await StartGridAsync(_ => "completed");
        var stopped = 0;
        using var run = new CommandRun
        {
            StartGrid = (options, _) =>
            {
                Assert.Equal((true, 3, "http://127.0.0.1:0"), (options.Quiet, options.Slots, Assert.Single(options.Urls)));
                Assert.StartsWith(Path.Combine(".", "data", "run"), options.DataFolder);
                return Task.FromResult(new StartedGrid(new Uri(grid.Url), Task.CompletedTask, _ =>
                {
                    stopped++;
                    return Task.CompletedTask;
                }));
            },
        };
        var file = run.Write("jobs.json", """{"id":"a","service_required":"simulation"}""");
        Assert.Equal(0, await run.InvokeAsync("run", file, "--slots", "3", "--out", run.Folder.FullName));
        Assert.Equal(1, stopped);
    }

    [Theory]
    [InlineData("""[{"service_required":"imaging","payload":{"output":"x.png"}},{"service_required":"process","payload":{"outputs":["X.png"]}}]""", "jobs 1 and 2 both make 'X.png'")]
    [InlineData("""[{"service_required":"simulation"},{"service_required":"imaging","payload":{"inputs":["no.png"]}}]""", "the file 'no.png' does not exist")]
    public async Task Run_WhenTheFileIsRefused_SendsNothingAndExitsWith2(string json, string expected)
    {
        using var run = new CommandRun();
        await using var grid = await StartGridAsync(_ => "completed");
        Assert.Equal(2, await run.InvokeAsync("run", run.Write("jobs.json", json), "--url", grid.Url, "--out", "pictures"));
        Assert.Contains(expected, run.Error);
        Assert.EndsWith("Nothing was submitted.\n", run.Error);
        Assert.Empty(grid.Requests);
    }

    [Fact]
    public async Task Submit_WhenTheGridTakesAll_PrintsNothingButIds()
    {
        using var run = new CommandRun();
        await using var grid = await StartGridAsync(_ => "completed");
        var file = run.Write("jobs.json", """{"jobs":[{"id":"a","service_required":"simulation"},{"id":"b","service_required":"simulation"}]}""");
        Assert.Equal(0, await run.InvokeAsync("submit", file, "--url", grid.Url));
        Assert.Equal("a\nb\n", run.Out);
    }

    /// <summary>A grid where each job goes half way and then ends as <paramref name="end"/> says; null: it runs on.</summary>
    private static Task<CannedGrid> StartGridAsync(Func<string, string?> end) => CannedGrid.StartAsync(async (context, received, _) =>
    {
        switch (received.Target.Split('/')[2..])
        {
            case ["health"]:
                await CannedGrid.AnswerAsync(context, """{"status":"ok"}""");
                break;
            case ["artefacts"]:
                var sha256 = Convert.ToHexStringLower(SHA256.HashData(received.Body));
                await CannedGrid.AnswerAsync(context, $$"""{"artefact":"sha256-up","sha256":"{{sha256}}","size":2}""", 201);
                break;
            case ["artefacts", ..]:
                await CannedGrid.AnswerAsync(context, "picture", contentType: "application/octet-stream");
                break;
            case ["jobs"]:
                await CannedGrid.AnswerAsync(context, $$"""{"success":true,"job_id":"{{JsonNode.Parse(received.Text)!["id"]}}"}""", 201);
                break;
            case ["jobs", "batch"]:
                var results = JsonNode.Parse(received.Text)!.AsArray().Select((job, i) => $$"""{"index":{{i}},"success":true,"job_id":"{{job!["id"]}}"}""");
                await CannedGrid.AnswerAsync(context, $$"""{"success":true,"results":[{{string.Join(',', results)}}]}""", 201);
                break;
            case ["jobs", _, "cancel"]:
                await CannedGrid.AnswerAsync(context, """{"success":true}""");
                break;
            case ["jobs", var id, "stream"]:
                await CannedGrid.AnswerAsync(context, "", contentType: "text/event-stream");
                await SendAsync("state", $$"""{"id":"{{id}}","status":"in_progress"}""");
                await SendAsync("progress", $$"""{"job_id":"{{id}}","progress":50,"message":"half"}""");
                if (end(id) is { } status)
                    await SendAsync("end", $$"""{"id":"{{id}}","status":"{{status}}","outputs":[{"artefact":"{{id}}/1/{{id}}.png","name":"{{id}}.png","sha256":"{{Hash}}","size":7}]}""");
                else
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;

                async Task SendAsync(string type, string data)
                {
                    await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"event: {type}\ndata: {data}\n\n"));
                    await context.Response.Body.FlushAsync();
                }
        }
    });
}

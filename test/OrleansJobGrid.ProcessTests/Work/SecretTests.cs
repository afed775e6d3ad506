using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Work;

/// <summary>Secrets of services come by the environment, reach the service, and stand nowhere else.</summary>
public sealed class SecretTests
{
    private const string Secret = "sk-very-secret-9d7f31";

    [Fact]
    public async Task A_services_secret_is_in_no_log_job_event_list_metric_or_file_of_the_grid()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("jobgrid-secret-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var service = builder.Build();
        var arrived = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        service.MapPost("/run", (HttpContext http) =>
        {
            arrived.TrySetResult(http.Request.Headers.Authorization.ToString());
            return Results.Json(new { error = $"no entry for {http.Request.Headers.Authorization}" }, statusCode: 401);
        });
        await service.StartAsync(cancellation);
        var settings = new JsonObject
        {
            ["Instances"] = new JsonObject { ["a"] = service.Urls.Single() },
            ["Submit"] = new JsonObject { ["Path"] = "run" },
            ["Auth"] = new JsonObject { ["Kind"] = "Bearer" },
        };
        var config = Path.Combine(folder, "jobgrid.json");
        await File.WriteAllTextAsync(config, new JsonObject { ["JobGrid"] = new JsonObject { ["Http"] = new JsonObject { ["Services"] = new JsonObject { ["shy"] = settings } } } }.ToJsonString(), cancellation);
        var data = Path.Combine(folder, "data");
        await using var grid = await GridProcess.UpAsync(new(data) { Config = config, Environment = new Dictionary<string, string> { ["JOBGRID_HTTP__SERVICES__shy__AUTH__VALUE"] = Secret } });
        var file = Path.Combine(folder, "job.json");
        await File.WriteAllTextAsync(file, """{"id": "job", "service_required": "shy", "payload": {}}""", cancellation);
        var url = grid.Http.BaseAddress!.ToString();
        var (exitCode, output, error) = await GridProcess.RunAsync(folder, "run", file, "--url", url);
        Assert.NotEqual(0, exitCode);
        Assert.Equal($"Bearer {Secret}", await arrived.Task);

        var seen = new List<string> { output, error };
        foreach (var path in (string[])["api/jobs/job", "api/jobs/job/events", "api/jobs/job/result", "api/workers", "api/dead-letters", "api/health", "api/metrics", "metrics", "openapi/v1.json", ""])
        {
            using var answer = await grid.Http.GetAsync(path, cancellation);
            Assert.NotEqual(HttpStatusCode.InternalServerError, answer.StatusCode);
            seen.Add(await answer.Content.ReadAsStringAsync(cancellation));
        }

        seen.Add((await GridProcess.RunAsync(folder, "doctor", "--url", url)).Out);
        seen.Add(grid.Log);
        foreach (var stored in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("lock", StringComparison.Ordinal)))
        {
            await using var stream = new FileStream(stored, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
            seen.Add(await reader.ReadToEndAsync(cancellation));
        }

        Assert.Contains(seen, s => s.Contains("no entry for", StringComparison.Ordinal));
        Assert.DoesNotContain(seen, s => s.Contains(Secret, StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
    }
}

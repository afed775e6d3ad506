using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Edge;

/// <summary>Sagas over HTTP and on the command line, on a real grid.</summary>
public sealed class SagaApiTests : IAsyncLifetime
{
    private const string Approval = """
        name: approval
        steps:
          make: { job: { service_required: simulation, payload: { duration_ms: 1 } } }
          approve: { needs: make, signal: approved }
          done: { needs: approve, job: { service_required: simulation, payload: { duration_ms: 1 } } }
        output: "{{steps.approve.output.by}}"
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-saga-").FullName;
    private GridProcess _grid = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _grid = await GridProcess.UpAsync(new(Path.Combine(_folder, "data")));

    public async ValueTask DisposeAsync()
    {
        await _grid.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_wrong_definition_is_told_whole_with_its_places_and_nothing_begins()
    {
        var (status, answer) = await PostAsync("api/sagas", "definition:\n  name: x\n  steps:\n    a: { job: {}, needs: b }\n    c: { delay: soon }\n", "application/yaml");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        var errors = answer["errors"]!.AsObject();
        Assert.Equal("(line 4, column 15) is missing; name the service that does the job", errors["steps.a.job.service_required"]![0]!.GetValue<string>());
        Assert.StartsWith("(line 4, column 5) names 'b'", errors["steps.a.needs"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.StartsWith("(line 5, column 17) is no duration", errors["steps.c.delay"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await PostAsync("api/sagas", "x", "text/plain")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("api/sagas", """{"saga": "nothing"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("api/sagas", """{"saga": "x", "files": {}}""")).Status);
        Assert.Empty((await _grid.Client.ListSagasAsync(cancellationToken: Cancellation)).Sagas);
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", JsonNode.Parse(await _grid.Http.GetStringAsync("api/saga-schema", Cancellation))!["$schema"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_saga_is_begun_once_followed_signalled_and_exported()
    {
        Assert.Equal(1, (await _grid.Client.RegisterSagaAsync(Encoding.UTF8.GetBytes(Approval), Cancellation)).Version);
        var body = Encoding.UTF8.GetBytes("""{"saga": "approval", "id": "first"}""");
        Assert.Equal("first", (await _grid.Client.SubmitSagaAsync(body, cancellationToken: Cancellation)).SagaId);
        Assert.Equal("first", (await _grid.Client.SubmitSagaAsync(body, cancellationToken: Cancellation)).SagaId);
        var refused = await Assert.ThrowsAsync<JobGridException>(() => _grid.Client.SubmitSagaAsync(Encoding.UTF8.GetBytes("""{"saga": "approval", "id": "first", "input": 1}"""), cancellationToken: Cancellation));
        Assert.Equal(409, refused.Status);

        var (signalled, last) = (false, "");
        await foreach (var saga in _grid.Client.WatchSagaAsync("first", Cancellation))
        {
            last = saga.Status;
            if (saga.Steps[1].Status == "running" && !signalled)
            {
                signalled = true;
                Assert.Equal(0, (await RunAsync("sagas", "signal", "first", "approved", "--payload", """{"by": "ann"}""")).ExitCode);
            }
        }

        Assert.Equal((true, SagaStatus.Completed), (signalled, last));
        Assert.Equal("ann", (await _grid.Client.GetSagaAsync("first", Cancellation)).Output!.Value.GetString());
        Assert.Equal(3, (await RunAsync("sagas", "signal", "first", "approved")).ExitCode);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync("api/sagas/first/signals/approved", "")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("api/sagas/other/cancel", "")).Status);

        var export = JsonNode.Parse((await RunAsync("sagas", "export", "first")).Out)!;
        Assert.Equal(Enumerable.Range(1, export["events"]!.AsArray().Count), export["events"]!.AsArray().Select(e => e!["sequence"]!.GetValue<int>()));
        Assert.Equal("completed", export["events"]!.AsArray()[^1]!["type"]!.GetValue<string>());
        Assert.Contains("s_make --> s_approve", (await RunAsync("sagas", "show", "first", "--mermaid")).Out, StringComparison.Ordinal);
        Assert.Contains("approve signal  completed", (await RunAsync("sagas", "show", "first")).Out, StringComparison.Ordinal);
        Assert.Matches("first +approval@1 +completed +3/3", (await RunAsync("sagas", "--name", "approval")).Out);
        Assert.Matches("approval +1 ", (await RunAsync("sagas", "definitions")).Out);
    }

    [Fact]
    public async Task A_saga_is_cancelled_and_what_it_made_is_taken_back()
    {
        var file = Path.Combine(_folder, "saga.yaml");
        await File.WriteAllTextAsync(file, Approval.Replace("  approve:", "    compensate: { http: { method: DELETE, url: \"/api/jobs/{{work.id}}/outputs\" } }\n  approve:", StringComparison.Ordinal).Replace("{ job: { service_required: simulation, payload: { duration_ms: 1 } } }\n    compensate", "\n    job: { service_required: simulation, payload: { duration_ms: 1 } }\n    compensate", StringComparison.Ordinal), Cancellation);
        var submitted = await RunAsync("sagas", "submit", file, "--json");
        Assert.True(submitted.ExitCode == 0, submitted.Error);
        var id = JsonNode.Parse(submitted.Out)!["saga_id"]!.GetValue<string>();
        await Eventually.GetAsync("it waits for its approval", TimeSpan.FromSeconds(30), async () =>
        {
            var saga = await _grid.Client.GetSagaAsync(id, Cancellation);
            return ((object?)(saga.Steps[1].Status == "running" ? saga : null), saga.Status);
        });
        Assert.Equal(0, (await RunAsync("sagas", "cancel", id, "--reason", "not today")).ExitCode);
        var watched = await RunAsync("sagas", "watch", id);
        Assert.Equal(1, watched.ExitCode);
        Assert.Contains($"saga {id}: compensated: not today", watched.Out, StringComparison.Ordinal);
        Assert.Contains("undone", (await RunAsync("sagas", "events", id)).Out, StringComparison.Ordinal);
        Assert.Equal(3, (await RunAsync("sagas", "retry", id)).ExitCode);
    }

    private Task<(int ExitCode, string Out, string Error)> RunAsync(params string[] arguments) =>
        GridProcess.RunAsync(_folder, [.. arguments, "--url", _grid.Http.BaseAddress!.ToString()]);

    private async Task<(HttpStatusCode Status, JsonNode Answer)> PostAsync(string path, string body, string type = "application/json")
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var answer = await _grid.Http.PostAsync(path, content, Cancellation);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!);
    }
}

using System.Net;
using System.Text;
using System.Text.Json;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Edge;

/// <summary>Bad input over HTTP, each with status and body.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-bad-").FullName;
    private GridProcess _grid = null!;

    public async ValueTask InitializeAsync() => _grid = await GridProcess.UpAsync(new(_folder));

    public async ValueTask DisposeAsync()
    {
        await _grid.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Every_refusal_says_what_is_wrong_and_how_to_mend_it()
    {
        await RefusedAsync("""{"service_required": "simulation",""", HttpStatusCode.BadRequest, "JSON");
        await RefusedAsync("""{"service_required": "simulation", "payload": {}, "priorty": 5}""", HttpStatusCode.BadRequest, "priorty");
        await RefusedAsync("""{"service_required": "simulation", "payload": {}, "priority": 101}""", HttpStatusCode.BadRequest, "priority", "100");
        await RefusedAsync($$"""{"service_required": "simulation", "payload": "{{new string('x', 200_000)}}"}""", HttpStatusCode.RequestEntityTooLarge, "payload", "/api/artefacts");

        var unknown = await PostAsync("""{"service_required": "nobody-does-this", "payload": {}}""");
        Assert.Equal(HttpStatusCode.Created, unknown.Status);
        Assert.Contains("nobody-does-this", unknown.Body.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        var parked = await GetAsync("/api/jobs/" + unknown.Body.GetProperty("job_id").GetString());
        Assert.Equal(("pending", true), (parked.GetProperty("job").GetProperty("status").GetString(), parked.GetProperty("job").GetProperty("unworkable").GetBoolean()));
        Assert.Contains("nobody-does-this", parked.GetProperty("job").GetProperty("unworkable_reason").GetString(), StringComparison.Ordinal);

        const string Body = """{"id": "twice", "service_required": "simulation", "payload": {"duration_ms": 1}}""";
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(Body)).Status);
        Assert.Equal("twice", (await PostAsync(Body)).Body.GetProperty("job_id").GetString());
        await RefusedAsync(Body.Replace("1}", "2}", StringComparison.Ordinal), HttpStatusCode.Conflict, "twice");

        const string Keyed = """{"service_required": "simulation", "payload": {}}""";
        var first = await PostAsync(Keyed, "order-7");
        var again = await PostAsync(Keyed, "order-7");
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, again.Status));
        Assert.Equal(first.Body.GetProperty("job_id").GetString(), again.Body.GetProperty("job_id").GetString());

        using var missing = await _grid.Http.GetAsync(new Uri("/api/jobs/no-such-job", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Contains("no-such-job", await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_in_use_is_refused_with_the_holders_pid()
    {
        var (exitCode, _, error) = await GridProcess.RunAsync(_folder, "up", "--data", _folder, "--urls", $"http://127.0.0.1:{FreePorts.Next()}");

        Assert.Equal(3, exitCode);
        Assert.Contains(_grid.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), error, StringComparison.Ordinal);
        Assert.Contains(_folder, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_store_file_is_refused_and_left_as_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-damaged-").FullName;
        var file = Path.Combine(folder, "jobgrid.db");
        var noise = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("this is no store ", 1_000)));
        await File.WriteAllBytesAsync(file, noise);

        var (exitCode, _, error) = await GridProcess.RunAsync(folder, "up", "--data", folder, "--urls", $"http://127.0.0.1:{FreePorts.Next()}");

        Assert.Equal(3, exitCode);
        Assert.Contains("jobgrid.db", error, StringComparison.Ordinal);
        Assert.Equal(noise, await File.ReadAllBytesAsync(file));
    }

    [Fact]
    public async Task A_job_file_that_names_a_missing_picture_is_refused_before_anything_is_sent()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-file-").FullName;
        var file = Path.Combine(folder, "jobs.json");
        await File.WriteAllTextAsync(file, """{"service_required": "imaging", "payload": {"operation": "resize", "inputs": ["no-such.jpg"], "width": 10}}""");

        var (exitCode, _, error) = await GridProcess.RunAsync(folder, "run", file, "--url", _grid.Http.BaseAddress!.ToString());

        Assert.Equal(2, exitCode);
        Assert.Contains("no-such.jpg", error, StringComparison.Ordinal);
        Assert.Equal(0, (await GetAsync("/api/jobs?service=imaging")).GetProperty("jobs").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"JobGrid": {"Lese": "00:00:08"}}""", "JobGrid:Lese")]
    [InlineData("""{"JobGrid": {"Worker": {"Slots": 0}}}""", "JobGrid:Worker:Slots")]
    [InlineData("""{"JobGrid": {"Lease": "soon"}}""", "JobGrid:Lease")]
    [InlineData("""{"JobGrid": {""", "JSON")]
    public async Task A_wrong_setting_is_refused_by_name_and_nothing_starts(string config, string named)
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-config-").FullName;
        var file = Path.Combine(folder, "jobgrid.json");
        await File.WriteAllTextAsync(file, config);

        var (exitCode, output, error) = await GridProcess.RunAsync(
            folder, "up", "--data", folder, "--config", file, "--urls", $"http://127.0.0.1:{FreePorts.Next()}");

        Assert.True(exitCode == 2, error);
        Assert.Empty(output);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private async Task RefusedAsync(string body, HttpStatusCode status, params string[] words)
    {
        var answer = await PostAsync(body);
        Assert.Equal(status, answer.Status);
        Assert.All(words, w => Assert.Contains(w, answer.Body.GetRawText(), StringComparison.Ordinal));
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string body, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/jobs") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var answer = await _grid.Http.SendAsync(request);
        return (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()));
    }

    private async Task<JsonElement> GetAsync(string path) => JsonElement.Parse(await _grid.Http.GetStringAsync(new Uri(path, UriKind.Relative)));
}

using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using OrleansJobGrid.Client;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestService.S3;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Artefacts;

/// <summary>A grid whose artefacts lie in a bucket.</summary>
public sealed class BucketTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_sample_runs_and_its_files_lie_in_the_bucket_alone()
    {
        await using var server = await S3Server.StartAsync();
        var folder = Directory.CreateTempSubdirectory("jobgrid-bucket-").FullName;
        var data = Path.Combine(folder, "data");
        await using var grid = await GridProcess.UpAsync(new(data) { Environment = Settings(server) });
        var (exitCode, output, error) = await GridProcess.RunAsync(
            folder, "run", Repository.File("docs/samples/contact-sheet.json"), "--url", grid.Http.BaseAddress!.ToString());
        Assert.True(exitCode == 0, output + error + grid.Log);
        var jobs = new List<Job>();
        await foreach (var job in grid.Client.ListAllJobsAsync())
            jobs.Add(job);

        Assert.Equal(7, jobs.Count);
        foreach (var job in jobs)
        {
            var made = Assert.Single(job.Outputs!);
            var stored = server.Read($"grid-a/jobs/{made.Artefact}");
            Assert.Equal(made.Sha256, Convert.ToHexStringLower(SHA256.HashData(stored!)));
        }

        Assert.Equal(7, Directory.GetFiles(Path.Combine(folder, "out"), "*", SearchOption.AllDirectories).Length);
        Assert.False(Directory.Exists(Path.Combine(data, "artefacts")));
        Assert.Empty(Directory.GetFiles(Path.Combine(data, "spool")));
        Assert.DoesNotContain(server.Keys, k => k.StartsWith("grid-a/scratch/", StringComparison.Ordinal) || k.StartsWith("grid-a/probe/", StringComparison.Ordinal));
        Assert.DoesNotContain(S3Server.SecretKey, grid.Log, StringComparison.Ordinal);
        Assert.Equal(0, await grid.TerminateAsync());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Files_go_with_their_jobs_record_and_a_link_leads_to_the_bucket()
    {
        await using var server = await S3Server.StartAsync();
        var folder = Directory.CreateTempSubdirectory("jobgrid-bucket-").FullName;
        var settings = Settings(server);
        settings["JOBGRID_KEEP__COMPLETED"] = "00:00:01";
        // The records stay until the test has looked.
        var looked = new TaskCompletionSource();
        server.Gate = call => call.Operation == "DeleteObjects" ? looked.Task : Task.CompletedTask;
        await using var grid = await GridProcess.UpAsync(new(Path.Combine(folder, "data")) { Environment = settings });
        var photo = await grid.Client.UploadAsync(Repository.File("docs/samples/photos/01-dawn.jpg"));
        using var link = await grid.Http.PostAsJsonAsync("/api/artefacts/links", new { artefact = photo.Artefact });
        var url = (await link.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("url").GetString()!;
        Assert.StartsWith(server.Url.ToString(), url, StringComparison.Ordinal);
        Assert.Equal(photo.Size, (await grid.Http.GetByteArrayAsync(new Uri(url))).Length);
        using var submitted = await grid.Http.PostAsJsonAsync(
            "/api/jobs", new { id = "one", service_required = "imaging", payload = new { operation = "resize", inputs = new[] { photo.Artefact }, width = 60, height = 40, output = "o.jpg" } });
        Assert.True(submitted.IsSuccessStatusCode, await submitted.Content.ReadAsStringAsync());
        await Eventually.GetAsync("the output is kept", Limit, () => Task.FromResult((server.Keys.FirstOrDefault(k => k == "grid-a/jobs/one/1/o.jpg"), grid.Log)));
        looked.SetResult();
        await Eventually.GetAsync("the output is gone with the record", Limit, () => Task.FromResult((server.Keys.Any(k => k.StartsWith("grid-a/jobs/", StringComparison.Ordinal)) ? null : "gone", grid.Log)));
        Assert.Contains(server.Keys, k => k.StartsWith("grid-a/uploads/", StringComparison.Ordinal));
        Assert.Equal(0, await grid.TerminateAsync());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_service_that_replaces_objects_keeps_the_grid_from_starting()
    {
        await using var server = await S3Server.StartAsync();
        server.ConditionalWrites = false;
        var folder = Directory.CreateTempSubdirectory("jobgrid-bucket-").FullName;
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => GridProcess.UpAsync(new(Path.Combine(folder, "data")) { Environment = Settings(server) }));
        Assert.Contains("If-None-Match", error.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_grid_that_has_its_files_in_a_folder_does_not_start_on_a_bucket()
    {
        await using var server = await S3Server.StartAsync();
        var folder = Directory.CreateTempSubdirectory("jobgrid-bucket-").FullName;
        var data = Path.Combine(folder, "data");
        await using (var grid = await GridProcess.UpAsync(new(data)))
            Assert.Equal(0, await grid.TerminateAsync());
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => GridProcess.UpAsync(new(data) { Environment = Settings(server) }));
        Assert.Contains("The artefacts of this grid lie elsewhere than in bucket 'grid' under 'grid-a/'", error.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static Dictionary<string, string> Settings(S3Server server) => new()
    {
        ["JOBGRID_ARTEFACTS__KIND"] = "S3",
        ["JOBGRID_ARTEFACTS__BUCKET"] = S3Server.Bucket,
        ["JOBGRID_ARTEFACTS__PREFIX"] = "grid-a",
        ["JOBGRID_ARTEFACTS__ENDPOINT"] = server.Url.ToString(),
        ["JOBGRID_ARTEFACTS__REGION"] = S3Server.Region,
        ["JOBGRID_ARTEFACTS__ACCESSKEY"] = S3Server.AccessKey,
        ["JOBGRID_ARTEFACTS__SECRETKEY"] = S3Server.SecretKey,
    };
}

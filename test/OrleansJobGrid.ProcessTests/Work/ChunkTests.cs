using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Work;

/// <summary>Jobs in chunks, whose process is killed and which go on as another job.</summary>
public sealed class ChunkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_it_goes_on_at_its_chunk_and_a_new_job_goes_on_where_an_old_one_was_cancelled()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-chunks-").FullName;
        var trace = Path.Combine(folder, "trace");
        var config = Path.Combine(folder, "grid.json");
        await File.WriteAllTextAsync(config, new JsonObject { ["JobGrid"] = new JsonObject { ["Simulation"] = new JsonObject { ["SideEffectFolders"] = new JsonArray(folder) } } }.ToJsonString(), Cancellation);
        var arguments = new GridArguments(Path.Combine(folder, "data")) { Config = config };
        var grid = await GridProcess.UpAsync(arguments);
        try
        {
            await grid.Client.SubmitAsync(Job("killed", trace, null), cancellationToken: Cancellation);
            var seen = await AtChunkAsync(grid, "killed", 4);
            await grid.KillAsync();
            await grid.DisposeAsync();
            grid = await GridProcess.UpAsync(arguments);
            var killed = await AtChunkAsync(grid, "killed", 20);
            Assert.Equal(20, killed.Result!.Value.GetProperty("chunks").GetInt32());
            var chunks = Chunks(trace, "killed");
            // All were done, and after the kill it began no earlier than at what was seen to be durable.
            Assert.Equal(Enumerable.Range(0, 20), chunks.Select(c => c.Number).Distinct().Order());
            Assert.True(chunks.First(c => c.Epoch > 1).Number >= seen.CompletedChunks, $"It went on at {chunks.First(c => c.Epoch > 1).Number}, {seen.CompletedChunks} were durable.");

            await grid.Client.SubmitAsync(Job("old", trace, null), cancellationToken: Cancellation);
            await AtChunkAsync(grid, "old", 4);
            await grid.Client.CancelAsync("old", Cancellation);
            var old = await Eventually.GetAsync("the old job is cancelled", TimeSpan.FromSeconds(20), async () =>
            {
                var job = await grid.Client.GetJobAsync("old", Cancellation);
                return ((object?)(job.Status == JobStatus.Cancelled ? job : null), job.Status);
            });
            await grid.Client.SubmitAsync(Job("new", trace, "old"), cancellationToken: Cancellation);
            var resumed = await AtChunkAsync(grid, "new", 20);
            Assert.Equal("old", resumed.ResumeJobId);
            Assert.Equal(20, resumed.Result!.Value.GetProperty("chunks").GetInt32());
            Assert.Equal(((Job)old).CompletedChunks, Chunks(trace, "new")[0].Number);
            Assert.Contains("goes on from the checkpoint of job 'old'", (await grid.Client.GetEventsAsync("new", Cancellation))[0].Reason, StringComparison.Ordinal);

            foreach (var (from, words) in (Dictionary<string, string>)new() { ["nobody"] = "there is no such job", ["new"] = "has no checkpoint" })
            {
                var refused = await Assert.ThrowsAsync<JobGridException>(() => grid.Client.SubmitAsync(Job("refused", trace, from), cancellationToken: Cancellation));
                Assert.Equal(400, refused.Status);
                Assert.Contains(words, refused.Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            await grid.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private static JobSubmission Job(string id, string trace, string? resumes) => new()
    {
        Id = id,
        ServiceRequired = "simulation",
        Payload = new JsonObject { ["duration_ms"] = 8_000, ["chunks"] = 20, ["side_effect_file"] = trace },
        ResumeJobId = resumes,
    };

    private static async Task<Job> AtChunkAsync(GridProcess grid, string id, int chunk) => (Job)await Eventually.GetAsync($"job {id} has done {chunk} chunks", TimeSpan.FromSeconds(60), async () =>
    {
        var job = await grid.Client.GetJobAsync(id, Cancellation);
        return ((object?)(job.CompletedChunks >= chunk || job.Status == JobStatus.Completed ? job : null), $"{job.Status} {job.CompletedChunks}");
    });

    private static List<(long Epoch, int Number)> Chunks(string trace, string job) =>
        [.. File.ReadAllLines(trace).Select(l => l.Split(' ')).Where(l => l[0] == "CHUNK" && l[1] == job).Select(l => (long.Parse(l[2]), int.Parse(l[3])))];
}

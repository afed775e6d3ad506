using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestService.ComfyUi;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>
/// 200 workflows on two ComfyUI servers, the newest and one that gives prompts ids of its own, while a worker is killed again and again: each job
/// completes once, and is executed once.
/// </summary>
public sealed class ComfyUiKillTests
{
    private const int Jobs = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Workflows_are_executed_once_while_their_workers_are_killed()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-comfyui-").FullName;
        await using var newest = await ComfyServer.StartAsync(ComfyEdition.V027, Path.Combine(folder, "newest"));
        await using var old = await ComfyServer.StartAsync(ComfyEdition.Mid, Path.Combine(folder, "old"));
        await using var grid = await RecoveryGrid.StartAsync(2, 8, _ => Settings(newest, old));
        var ids = await grid.SubmitAsync([.. Enumerable.Range(0, Jobs).Select(Job)]);

        var kills = await KillWhileOpenAsync(grid);
        var stories = await grid.FinalAsync("200 workflows", ids, Limit);
        var executions = newest.Knobs.Executions.Concat(old.Knobs.Executions).ToList();
        Diagnostics.Say($"ComfyUI: {Jobs} jobs, {kills} kills, {executions.Count} executions ({newest.Knobs.Executions.Count} on {ComfyEdition.V027}, "
            + $"{old.Knobs.Executions.Count} on {ComfyEdition.Mid}), {stories.Sum(s => s.Completions)} completions, {executions.Count - Jobs} beyond the first");
        Assert.All(stories, s => Assert.True(s.Job.Status == JobStatus.Completed && s.Completions == 1 && s.Job.Outputs?.Count == 1, s.ToString()));
        Assert.Equal(Jobs, executions.Distinct().Count());
        Assert.Equal(Jobs, executions.Count);
        Assert.True(kills >= 3, $"Only {kills} workers were killed; the run was too short.");
        Directory.Delete(folder, recursive: true);
    }

    private static JsonObject Settings(ComfyServer newest, ComfyServer old) => new()
    {
        ["ComfyUi"] = new JsonObject
        {
            ["Instances"] = new JsonObject { ["newest"] = newest.Url.ToString(), ["old"] = old.Url.ToString() },
            ["PollInterval"] = "00:00:00.200",
        },
    };

    /// <summary>Of about a fifth of a second, in which a kill hits posts, runs and fetches.</summary>
    private static JobSubmission Job(int number) => new()
    {
        ServiceRequired = "comfyui",
        Payload = JsonNode.Parse($$$"""
            {"workflow": {
              "1": {"class_type": "EmptyImage", "inputs": {"width": 32, "height": 32, "batch_size": 1, "color": {{{number}}} }},
              "2": {"class_type": "TestSlow", "inputs": {"image": ["1", 0], "steps": 10, "step_ms": 15, "deaf": 0}},
              "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "kill"}} }}
            """),
    };

    private static async Task<int> KillWhileOpenAsync(RecoveryGrid grid)
    {
        var random = new Random(6);
        for (var kills = 0; ; kills++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 3_000)), TimeProvider.System);
            var metrics = await grid.Client.GetMetricsAsync();
            if (metrics.Completed >= Jobs * 9 / 10)
                return kills;
            await grid.KillWorkerAsync(kills % grid.Workers);
            await grid.StartMissingAsync();
        }
    }
}

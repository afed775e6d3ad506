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
    private const int Kills = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Workflows_are_executed_once_while_their_workers_are_killed()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-comfyui-").FullName;
        await using var newest = await ComfyServer.StartAsync(ComfyEdition.V027, Path.Combine(folder, "newest"));
        await using var old = await ComfyServer.StartAsync(ComfyEdition.Mid, Path.Combine(folder, "old"));
        await using var grid = await RecoveryGrid.StartAsync(2, 8, _ => Settings(newest, old));
        var ids = await grid.SubmitAsync([.. Enumerable.Range(0, Jobs).Select(Job)]);

        await KillWhileOpenAsync(grid, newest, old);
        var stories = await grid.FinalAsync("200 workflows", ids, Limit);
        var executions = newest.Knobs.Executions.Concat(old.Knobs.Executions).ToList();
        Diagnostics.Say($"ComfyUI: {Jobs} jobs, {Kills} kills, {executions.Count} executions ({newest.Knobs.Executions.Count} on {ComfyEdition.V027}, "
            + $"{old.Knobs.Executions.Count} on {ComfyEdition.Mid}), {stories.Sum(s => s.Completions)} completions, {executions.Count - Jobs} beyond the first");
        Assert.All(stories, s => Assert.True(s.Job.Status == JobStatus.Completed && s.Completions == 1 && s.Job.Outputs?.Count == 1, s.ToString()));
        Assert.Equal(Jobs, executions.Distinct().Count());
        Assert.Equal(Jobs, executions.Count);
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

    /// <summary>
    /// Kills spread over the jobs, each at a moment of chance. The servers rest while the next worker starts, so that a slow machine does not finish
    /// the jobs meanwhile.
    /// </summary>
    private static async Task KillWhileOpenAsync(RecoveryGrid grid, params ComfyServer[] servers)
    {
        var random = new Random(6);
        for (var kills = 0; kills < Kills; kills++)
        {
            var after = kills * Jobs / (Kills + 1) + random.Next(1, 10);
            while ((await grid.Client.GetMetricsAsync()).Completed < after)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 800)), TimeProvider.System);
            await grid.KillWorkerAsync(kills % grid.Workers);
            var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var server in servers)
                server.Knobs.OnStep = (_, _, stopped) => rest.Task.WaitAsync(stopped);
            await grid.StartMissingAsync();
            rest.SetResult();
        }
    }
}

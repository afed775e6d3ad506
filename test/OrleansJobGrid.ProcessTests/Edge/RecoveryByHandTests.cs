using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Edge;

/// <summary>What an operator does with jobs, by the command line against a running grid.</summary>
public sealed class RecoveryByHandTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-by-hand-").FullName;
    private readonly SideEffectLog _effects = new();

    public void Dispose()
    {
        _effects.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A simulation keeps no checkpoint, so that its second run begins anew; it is no second attempt.</summary>
    [Fact]
    public async Task A_running_job_is_paused_and_goes_on_when_it_is_resumed()
    {
        await using var grid = await GridProcess.UpAsync(new(_folder) { Slots = 2, Environment = _effects.Environment });
        var id = (await grid.Client.SubmitAsync(Job(new JsonObject { ["duration_ms"] = 15_000, ["side_effect_file"] = _effects.Path }))).JobId;
        await Eventually.GetAsync("it runs", Limit, () => Task.FromResult<(object?, string)>((_effects.Read().Count > 0 ? _effects : null, "no START")));

        Assert.Contains("The job's worker is told to pause it.", await CommandAsync(grid, "pause", id, "--reason", "the GPU is needed"));
        await StatusAsync(grid, id, JobStatus.Paused);
        Assert.Contains("The job is paused.", await CommandAsync(grid, "pause", id));
        Assert.Equal([("START", id, 1)], _effects.Read());
        Assert.Equal(1, (await grid.Client.GetMetricsAsync()).Paused);

        Assert.Contains("The job is back in its queue.", await CommandAsync(grid, "resume", id));
        var job = await StatusAsync(grid, id, JobStatus.Completed);
        Assert.Equal((1, 2L), (job.Attempt, job.Epoch));
        Assert.Equal([("START", id, 1), ("START", id, 2), ("END", id, 2)], _effects.Read());
        var events = await grid.Client.GetEventsAsync(id);
        string[] story = ["pause_requested", "paused", "resumed", "assigned", "completed"];
        Assert.Equal(story, events.Select(e => e.Type).SkipWhile(t => t != "pause_requested").Where(story.Contains));
        Assert.Equal("the GPU is needed", events.Single(e => e.Type == "pause_requested").Reason);
        var (exitCode, _, error) = await GridProcess.RunAsync(_folder, "pause", id, "--url", grid.Http.BaseAddress!.ToString());
        Assert.Equal((3, $"jobgrid: The grid says: The job is completed already, which is final. 'jobgrid status {id}' shows where it stands.\n"), (exitCode, error));
    }

    [Fact]
    public async Task A_paused_queue_is_paused_still_after_a_kill()
    {
        string id;
        await using (var killed = await GridProcess.UpAsync(new(_folder) { Slots = 2 }))
        {
            Assert.Contains("gives out no jobs until 'jobgrid queues resume default'", await CommandAsync(killed, "queues", "pause", "default", "--reason", "the models are being moved"));
            id = (await killed.Client.SubmitAsync(Job(new JsonObject()))).JobId;
            await killed.KillAsync();
        }

        await using var grid = await GridProcess.UpAsync(new(_folder) { Slots = 2 });
        var other = (await grid.Client.SubmitAsync(Job(new JsonObject()) with { Queue = "other" })).JobId;
        await StatusAsync(grid, other, JobStatus.Completed);
        await Eventually.GetAsync("a worker waits at the paused queue, which has the job", Limit, async () =>
        {
            var queues = (await grid.Client.GetQueuesAsync()).Queues;
            return (queues.SingleOrDefault(q => q is { Name: "default", Depth: 1, WaitingWorkers: > 0, PauseReason: "the models are being moved" }), string.Join(", ", queues));
        });
        await StatusAsync(grid, id, JobStatus.Pending);
        Assert.Contains("Its queue 'default' is paused since ", await CommandAsync(grid, "why", id));

        Assert.Equal("Queue 'default' gives out jobs again.\n", await CommandAsync(grid, "queues", "resume", "default"));
        await StatusAsync(grid, id, JobStatus.Completed);
    }

    [Fact]
    public async Task Dead_letters_are_grouped_requeued_with_their_history_and_purged()
    {
        await using var grid = await GridProcess.UpAsync(new(_folder) { Slots = 2 });
        var malformed = new List<string>();
        for (var i = 0; i < 3; i++)
            malformed.Add((await grid.Client.SubmitAsync(Failing("malformed"))).JobId);
        var refused = (await grid.Client.SubmitAsync(Failing("refused"))).JobId;
        foreach (var id in (string[])[.. malformed, refused])
            await StatusAsync(grid, id, JobStatus.Failed);

        var groups = JsonNode.Parse(await CommandAsync(grid, "dead-letters", "--groups", "--json"))!["groups"]!.AsArray();
        Assert.Equal([3, 1], groups.Select(g => g!["count"]!.GetValue<int>()));
        var (kind, other) = (groups[0]!["fingerprint"]!.GetValue<string>(), groups[1]!["fingerprint"]!.GetValue<string>());
        Assert.Equal(refused, groups[1]!["example_job_id"]!.GetValue<string>());
        Assert.Contains("simulated", groups[0]!["message"]!.GetValue<string>(), StringComparison.OrdinalIgnoreCase);
        var page = await grid.Client.ListDeadLettersAsync(new DeadLetterQuery { Fingerprint = kind });
        Assert.Equal(malformed.Order(), page.DeadLetters.Select(j => j.Id).Order());
        Assert.Contains("attempt_failed", await CommandAsync(grid, "dead-letters", "show", malformed[0]));

        Assert.Equal("3 requeued, 0 refused.\n", await CommandAsync(grid, "dead-letters", "requeue", "--fingerprint", kind, "--reason", "mended"));
        foreach (var id in malformed)
        {
            var job = await StatusAsync(grid, id, JobStatus.Completed);
            Assert.Equal((2, 2L), (job.Attempt, job.Epoch));
            Assert.Equal([(1, "malformed")], job.Failures!.Select(f => (f.Attempt, f.FailureClass!)));
        }

        var events = await grid.Client.GetEventsAsync(malformed[0]);
        Assert.Equal("mended", events.Single(e => e.Type == "retried").Reason);
        Assert.Equal("malformed", events.Single(e => e.Type == "attempt_failed").Failure!.FailureClass);

        Assert.Equal("1 purged, 0 refused.\n", await CommandAsync(grid, "dead-letters", "purge", "--fingerprint", other));
        Assert.Equal(404, (await Assert.ThrowsAsync<JobGridException>(() => grid.Client.GetEventsAsync(refused))).Status);
        Assert.Empty((await grid.Client.ListDeadLettersAsync()).DeadLetters);
    }

    [Fact]
    public async Task A_retried_job_keeps_its_history_and_ends_anew()
    {
        await using var grid = await GridProcess.UpAsync(new(_folder) { Slots = 2 });
        var id = (await grid.Client.SubmitAsync(Failing("malformed"))).JobId;
        await StatusAsync(grid, id, JobStatus.Failed);
        Assert.Contains("The job is back in its queue.", await CommandAsync(grid, "retry", id));
        var job = await StatusAsync(grid, id, JobStatus.Completed);
        Assert.Equal((2, 1), (job.Attempt, job.Failures!.Count));
        var shown = await CommandAsync(grid, "status", id);
        Assert.Contains("failure 1:", shown);
        Assert.Contains("malformed", shown);
        var (exitCode, _, error) = await GridProcess.RunAsync(_folder, "retry", id, "--url", grid.Http.BaseAddress!.ToString());
        Assert.Equal(3, exitCode);
        Assert.Contains("only a dead letter (failed, timeout) can be tried again", error);
    }

    private static JobSubmission Failing(string failure) => Job(new JsonObject { ["failure"] = failure, ["fail_attempts"] = 1 });

    private static JobSubmission Job(JsonObject payload) => new() { ServiceRequired = "simulation", Payload = payload };

    private static Task<Job> StatusAsync(GridProcess grid, string id, string status) => Eventually.GetAsync($"job {id} is {status}", Limit, async () =>
    {
        var job = await grid.Client.GetJobAsync(id);
        return (job.Status == status ? job : null, job.Status);
    });

    private async Task<string> CommandAsync(GridProcess grid, params string[] arguments)
    {
        var (exitCode, output, error) = await GridProcess.RunAsync(_folder, [.. arguments, "--url", grid.Http.BaseAddress!.ToString()]);
        Assert.True(exitCode == 0, $"jobgrid {string.Join(' ', arguments)} ended with {exitCode}: {error}");
        return output;
    }
}

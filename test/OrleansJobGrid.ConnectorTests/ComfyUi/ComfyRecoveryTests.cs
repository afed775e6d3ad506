using OrleansJobGrid.Connectors;
using OrleansJobGrid.TestKit.Connectors;
using OrleansJobGrid.TestService.ComfyUi;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.ComfyUi;

/// <summary>What becomes of prompts when workers, servers, connections and answers are lost, on each version.</summary>
public sealed class ComfyRecoveryTests : ComfyTestBase
{
    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_post_that_was_taken_but_not_answered_is_found_and_not_repeated(string edition)
    {
        await ServeAsync(edition);
        Cut("POST /prompt", ComfyCut.Answer);
        var job = Job(Workflows.Plain());
        Assert.IsType<CompletedResult>(await RunAsync(job));
        Assert.Equal([job.Submitted.Single().ExternalId], Server.Knobs.Executions);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_post_that_did_not_arrive_is_made_once_more(string edition)
    {
        await ServeAsync(edition);
        Cut("POST /prompt", ComfyCut.Request);
        var job = Job(Workflows.Plain());
        Assert.IsType<CompletedResult>(await RunAsync(job));
        Assert.Equal(2, job.Submitted.Count);
        Assert.Equal([job.Submitted[1].ExternalId], Server.Knobs.Executions);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task Work_of_a_dead_worker_is_found_taken_over_and_listened_to(string edition)
    {
        await ServeAsync(edition);
        var goOn = new TaskCompletionSource();
        Server.Knobs.OnStep = (_, step, _) => step == 5 ? goOn.Task : Task.CompletedTask;
        var (mark, dead) = await LetGoAsync(Workflows.Slow(steps: 20));
        Assert.Equal(SubmissionState.Running, (await Connect().QueryAsync("comfyui/a", [mark.ExternalId], Cancellation)).Submissions[mark.ExternalId].State);

        using var other = Connect();
        var job = new FakeJobContext(dead.Payload.GetRawText()) { UsableInstances = ["comfyui/a"], Adopts = mark, Earlier = [mark] };
        var running = other.ExecuteAsync(job, Cancellation);
        await UntilAsync(() => Server.SocketsCame.Count == 2, "the new worker listens");
        goOn.SetResult();
        Assert.IsType<CompletedResult>(await running);
        Assert.Contains(job.Progress, p => p.Percent > 0);
        Assert.Equal([mark.ExternalId], Server.Knobs.Executions);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task An_earlier_prompt_that_ended_meanwhile_is_fetched_and_not_posted_again(string edition)
    {
        await ServeAsync(edition);
        var (mark, dead) = await LetGoAsync(Workflows.Slow(steps: 3));
        await UntilAsync(() => Server.HistoryOf().Count == 1, "it ended");
        using var other = Connect();
        var job = new FakeJobContext(dead.Payload.GetRawText()) { UsableInstances = ["comfyui/a"], Earlier = [mark] };
        Assert.Single(Assert.IsType<CompletedResult>(await other.ExecuteAsync(job, Cancellation)).Outputs);
        Assert.Equal([mark], job.Attached);
        Assert.Single(Server.Knobs.Executions);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_restarted_server_is_known_by_its_boot_and_its_files_decide_what_was_finished(string edition)
    {
        await ServeAsync(edition);
        var (done, _) = await LetGoAsync(Workflows.Plain(batch: 2));
        await UntilAsync(() => Server.HistoryOf().Count == 1, "it ended");
        var (broken, _) = await LetGoAsync(Workflows.Slow(steps: 10_000), id: "job-2");
        await Server.RestartAsync();

        using var other = Connect();
        var report = await other.QueryAsync("comfyui/a", [done.ExternalId, broken.ExternalId], Cancellation);
        Assert.NotEqual(done.BootMark, report.BootMark);
        Assert.Equal(32, report.BootMark!.Length);
        Assert.Equal(
            (SubmissionState.Completed, SubmissionState.Absent),
            (report.Submissions[done.ExternalId].State, report.Submissions[broken.ExternalId].State));
        var result = Assert.IsType<CompletedResult>(await other.ExecuteAsync(new FakeJobContext(Workflows.Payload(Workflows.Plain())) { Adopts = done, Earlier = [done] }, Cancellation));
        Assert.Equal(2, result.Outputs.Count);
        Assert.True(result.Result!["found_by_files"]!.GetValue<bool>());
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_server_that_restarts_under_a_job_leaves_the_rest_to_the_grid(string edition)
    {
        await ServeAsync(edition);
        Options.Outage = TimeSpan.FromSeconds(20);
        var running = RunAsync(Job(Workflows.Slow(steps: 10_000)));
        await UntilAsync(() => !Server.Knobs.Executions.IsEmpty, "it runs");
        await Server.RestartAsync();
        Assert.Contains("does not know the job any more", Assert.IsType<UnsureResult>(await running).Message, StringComparison.Ordinal);
        Assert.Single(Server.Knobs.Executions);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_stop_ends_the_prompt_that_runs_and_no_other(string edition)
    {
        await ServeAsync(edition);
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Job(Workflows.Slow(steps: 10_000)), stop.Token);
        await UntilAsync(() => !Server.Knobs.Executions.IsEmpty, "it runs");
        var foreign = Guid.NewGuid().ToString();
        Server.EnqueueForeign(foreign, Workflows.Slow(steps: 5), clientId: "somebody");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await UntilAsync(() => Server.HistoryOf(foreign).Count == 1, "the other one ended");
        Assert.NotEmpty(Server.HistoryOf(foreign)[foreign]!["outputs"]!.AsObject());
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_stop_takes_a_prompt_that_waits_out_of_the_queue_and_leaves_the_one_that_runs(string edition)
    {
        await ServeAsync(edition);
        var foreign = Guid.NewGuid().ToString();
        var goOn = new TaskCompletionSource();
        Server.Knobs.OnStep = (id, _, _) => id == foreign ? goOn.Task : Task.CompletedTask;
        Server.EnqueueForeign(foreign, Workflows.Slow(steps: 2), clientId: "somebody");
        using var stop = new CancellationTokenSource();
        var job = Job(Workflows.Plain());
        var running = RunAsync(job, stop.Token);
        await UntilAsync(() => job.Progress.Any(p => p.Message == "waits in ComfyUI at place 1"), "it waits");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        goOn.SetResult();
        await UntilAsync(() => Server.HistoryOf(foreign).Count == 1, "the other one ended");
        Assert.NotEmpty(Server.HistoryOf(foreign)[foreign]!["outputs"]!.AsObject());
        Assert.Single(Server.Knobs.Executions);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_stop_waits_for_a_node_that_does_not_look(string edition)
    {
        await ServeAsync(edition);
        var goOn = new TaskCompletionSource();
        Server.Knobs.OnStep = (_, _, _) => goOn.Task;
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Job(Workflows.Slow(steps: 1, deaf: true)), stop.Token);
        await UntilAsync(() => !Server.Knobs.Executions.IsEmpty, "it runs");
        await stop.CancelAsync();
        await UntilAsync(() => Server.Knobs.Requests.Any(r => r.EndsWith("interrupt", StringComparison.Ordinal) || r.EndsWith("cancel", StringComparison.Ordinal)), "it was interrupted");
        Assert.False(running.IsCompleted);
        goOn.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Single(Server.HistoryOf());
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_prompt_that_somebody_else_stopped_is_tried_again_and_not_taken_for_the_jobs_fault(string edition)
    {
        await ServeAsync(edition);
        var running = FailAsync(Job(Workflows.Slow(steps: 10_000)));
        await UntilAsync(() => !Server.Knobs.Executions.IsEmpty, "it runs");
        using var http = new HttpClient { BaseAddress = Server.Url };
        await http.PostAsync(new Uri("interrupt", UriKind.Relative), null, Cancellation);
        var failed = await running;
        Assert.Equal((FailureClass.Transient, "cancelled_outside"), (failed.Class, failed.Reason));
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task A_prompt_that_somebody_took_out_of_the_queue_leaves_the_rest_to_the_grid(string edition)
    {
        await ServeAsync(edition);
        var foreign = Guid.NewGuid().ToString();
        Server.Knobs.OnStep = (id, _, end) => id == foreign ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, end) : Task.CompletedTask;
        Server.EnqueueForeign(foreign, Workflows.Slow(steps: 2), clientId: null);
        var job = Job(Workflows.Plain());
        var running = RunAsync(job);
        await UntilAsync(() => job.Progress.Count > 0, "it waits");
        using var http = new HttpClient { BaseAddress = Server.Url };
        var queue = System.Text.Json.Nodes.JsonNode.Parse(await http.GetStringAsync(new Uri("queue", UriKind.Relative), Cancellation))!;
        var id = queue["queue_pending"]![0]![1]!.GetValue<string>();
        await http.PostAsync(new Uri("queue", UriKind.Relative), new StringContent($$"""{"delete":["{{id}}"]}"""), Cancellation);
        Assert.IsType<UnsureResult>(await running);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task Without_its_socket_or_with_a_deaf_one_a_job_ends_all_the_same(string edition)
    {
        await ServeAsync(edition);
        Server.Knobs.OnRequest = (_, path) => path == "/ws" ? ComfyCut.Request : ComfyCut.None;
        var job = Job(Workflows.Slow(steps: 20));
        await CompleteAsync(job);
        Assert.Contains(job.Progress, p => p.Message?.StartsWith("no live progress", StringComparison.Ordinal) == true);

        Server.Knobs.OnRequest = (_, _) => ComfyCut.None;
        var cut = Job(Workflows.Slow(steps: 20, stepMs: 10), id: "job-2");
        Server.Knobs.OnStep = (_, step, _) =>
        {
            if (step == 5)
                Server.CutSockets();
            return Task.CompletedTask;
        };
        await CompleteAsync(cut);
    }

    [Theory]
    [MemberData(nameof(Editions))]
    public async Task Questions_that_fail_for_a_while_are_asked_again(string edition)
    {
        await ServeAsync(edition);
        Options.Outage = TimeSpan.FromSeconds(20);
        var count = 0;
        Server.Knobs.OnRequest = (method, path) => method == "GET" && path is not "/ws" && Interlocked.Increment(ref count) % 3 == 0 && !Server.Knobs.Executions.IsEmpty
            ? ComfyCut.Answer
            : ComfyCut.None;
        await CompleteAsync(Job(Workflows.Slow(steps: 50)));
        Assert.Single(Server.Knobs.Executions);
    }

    [Fact]
    public async Task A_server_that_is_none_or_cannot_be_reached_is_told_from_a_job_that_is_wrong()
    {
        await ServeAsync("0.27.0");
        _ = Connector;
        await Server.VanishAsync();
        var job = Job(Workflows.Plain());
        Assert.Equal((FailureClass.Transient, "connection_refused"), Read(await FailAsync(job)));
        Assert.Empty(job.Submitted);
    }

    private static (FailureClass Class, string Reason) Read(FailedResult failed) => (failed.Class, failed.Reason);

    /// <summary>A worker that is gone while its prompt runs on; its connection is closed as that of a killed process.</summary>
    private async Task<(Submission Mark, FakeJobContext Job)> LetGoAsync(System.Text.Json.Nodes.JsonObject workflow, string id = "job-1")
    {
        var began = Server.Knobs.Executions.Count;
        using var gone = new CancellationTokenSource();
        var job = Job(workflow, id: id);
        using var worker = Connect();
        var running = worker.ExecuteAsync(job, gone.Token);
        await UntilAsync(() => Server.Knobs.Executions.Count > began, "it runs");
        job.LeaveRunning = true;
        await gone.CancelAsync();
        await running.ContinueWith(_ => { }, TaskScheduler.Default);
        return (job.Submitted.Single(), job);
    }

    private void Cut(string request, ComfyCut cut)
    {
        var cuts = 0;
        Server.Knobs.OnRequest = (method, path) => $"{method} {path}" == request && Interlocked.Increment(ref cuts) == 1 ? cut : ComfyCut.None;
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Rest;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Rest;

public sealed class RestConnectorTests : RestTestBase
{
    [Fact]
    public async Task A_job_is_posted_under_its_mark_watched_and_its_outputs_are_kept()
    {
        A.Files["x.png"] = "picture"u8.ToArray();
        A.OnQuestion = (_, number) =>
        {
            foreach (var id in A.Jobs.Keys)
            {
                A.Jobs[id] = number switch
                {
                    1 => RestService.State("queued"),
                    2 => new() { ["state"] = "running", ["progress"] = 40, ["message"] = "step 4 of 10" },
                    3 or 4 => new() { ["state"] = "running", ["progress"] = 60 },
                    _ => RestService.Done(new JsonObject { ["seed"] = 7 }, ("x.png", "files/x.png")),
                };
            }

            return Task.FromResult(false);
        };
        var job = Job("""{"prompt":"a cat"}""");
        var completed = Assert.IsType<CompletedResult>(await RunAsync(job));

        Assert.Equal("""{"seed":7}""", completed.Result!.ToJsonString());
        Assert.Equal(("x.png", 7L), (completed.Outputs[0].Name, completed.Outputs[0].Size));
        Assert.Equal("picture", Encoding.UTF8.GetString(job.FakeFiles.Outputs[completed.Outputs[0].Artefact]));
        Assert.Equal([(0, null), (40, "step 4 of 10"), (60, null)], job.Progress);
        var submission = Assert.Single(job.Submitted);
        Assert.Equal(("draw/a", "boot-1"), (submission.Instance, submission.BootMark));
        Assert.Equal([submission.ExternalId], A.Posts);
        var body = A.Bodies.Single();
        Assert.Equal(("job-1", 1, "a cat"), (body["job_id"]!.GetValue<string>(), body["attempt"]!.GetValue<int>(), body["payload"]!["prompt"]!.GetValue<string>()));
    }

    [Fact]
    public void Its_instances_are_unique_in_the_grid_and_say_where_they_live() =>
        Assert.Equal([new("draw/a", false), new ServiceInstance("draw/b", true)], Connector.Instances);

    [Theory]
    [InlineData(400, null, FailureClass.Malformed, "invalid_payload")]
    [InlineData(422, "bad_prompt", FailureClass.Malformed, "bad_prompt")]
    [InlineData(401, null, FailureClass.Unauthorized, "unauthorized")]
    [InlineData(403, null, FailureClass.Unauthorized, "unauthorized")]
    [InlineData(404, null, FailureClass.MissingHere, "missing_here")]
    [InlineData(501, null, FailureClass.MissingHere, "missing_here")]
    [InlineData(400, "missing_model", FailureClass.MissingHere, "missing_model")]
    [InlineData(500, "missing_node", FailureClass.MissingHere, "missing_node")]
    [InlineData(507, null, FailureClass.ResourceExhaustion, "out_of_memory")]
    [InlineData(500, "out_of_memory", FailureClass.ResourceExhaustion, "out_of_memory")]
    [InlineData(451, null, FailureClass.Refused, "refused")]
    [InlineData(500, null, FailureClass.Transient, "service_error")]
    [InlineData(503, "busy", FailureClass.Transient, "busy")]
    public async Task A_refusal_means_the_same_at_the_post_and_at_the_end_and_is_no_reason_to_post_again(
        int status, string? type, FailureClass expected, string reason)
    {
        A.OnPost = async (http, number) =>
        {
            if (number > 1)
                return false;
            http.Response.StatusCode = status;
            await http.Response.WriteAsJsonAsync(new JsonObject { ["error"] = new JsonObject { ["type"] = type, ["message"] = "it says why" } });
            return true;
        };
        var failed = await FailAsync(Job());
        Assert.Equal((expected, reason, "it says why"), (failed.Class, failed.Reason, failed.Message));
        Assert.Single(A.Posts);

        A.Taken = _ => RestService.Failure(type, status);
        failed = await FailAsync(Job());
        Assert.Equal((expected, reason, "it says why"), (failed.Class, failed.Reason, failed.Message));
    }

    [Fact]
    public async Task A_rate_limit_waits_as_told()
    {
        A.OnPost = async (http, _) =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers.RetryAfter = "17";
            await http.Response.WriteAsync("""{"error":{"type":null,"message":"slow down"}}""");
            return true;
        };
        var failed = await FailAsync(Job());
        Assert.Equal((FailureClass.RateLimited, TimeSpan.FromSeconds(17)), (failed.Class, failed.RetryAfter));
    }

    [Fact]
    public async Task Instances_are_used_in_turns_and_a_shut_one_is_passed_over()
    {
        A.Taken = B.Taken = _ => RestService.Done(null);
        for (var i = 0; i < 4; i++)
            await RunAsync(new FakeJobContext("{}", jobId: $"job-{i}") { UsableInstances = ["draw/a", "draw/b"] });
        Assert.Equal((2, 2), (A.Posts.Count, B.Posts.Count));

        for (var i = 0; i < 2; i++)
            await RunAsync(new FakeJobContext("{}", jobId: $"more-{i}") { UsableInstances = ["draw/a", "draw/b"], Shut = ["draw/a"] });
        Assert.Equal((2, 4), (A.Posts.Count, B.Posts.Count));
        await Assert.ThrowsAsync<NoUsableInstanceException>(() => RunAsync(new FakeJobContext("{}")));
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_a_transient_failure_without_a_post()
    {
        var job = Job();
        _ = Connector;
        await A.VanishAsync();
        var failed = await FailAsync(job);

        Assert.Equal((FailureClass.Transient, "connection_refused"), (failed.Class, failed.Reason));
        Assert.Empty(job.Submitted);
        Assert.Equal(["draw/a"], job.Used);
    }

    [Fact]
    public async Task Where_the_grid_forbids_the_post_nothing_leaves()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(new FakeJobContext("{}") { UsableInstances = ["draw/a"], ForbidsPosts = true }));
        Assert.Empty(A.Posts);
    }

    [Fact]
    public async Task Query_and_cancel_say_what_became_of_submissions()
    {
        A.Jobs["q"] = RestService.State("queued");
        A.Jobs["r"] = RestService.State("running");
        A.Jobs["f"] = RestService.Failure("out_of_memory", null);
        A.Jobs["c"] = RestService.Done(null);
        var report = await Connector.QueryAsync("draw/a", ["q", "r", "f", "c", "none"], Cancellation);

        Assert.Equal("boot-1", report.BootMark);
        Assert.Equal(
            [SubmissionState.Queued, SubmissionState.Running, SubmissionState.Failed, SubmissionState.Completed, SubmissionState.Absent],
            new[] { "q", "r", "f", "c", "none" }.Select(id => report.Submissions[id].State));
        Assert.Equal(FailureClass.ResourceExhaustion, report.Submissions["f"].Failure!.Class);

        await Connector.CancelAsync("draw/a", "none", Cancellation);
        await Connector.CancelAsync("draw/a", "r", Cancellation);
        Assert.Equal(["none", "r"], A.Stops);

        // One that takes its time, until it is stopped.
        A.Stopped = _ => RestService.State("running");
        var stopping = Connector.CancelAsync("draw/a", "q", Cancellation);
        await UntilAsync(() => A.Stops.Contains("q") && A.Questions > 4, "the stop is being confirmed");
        Assert.False(stopping.IsCompleted);
        A.Jobs["q"] = RestService.State("cancelled");
        await stopping;
    }

    [Fact]
    public async Task An_instance_that_does_not_answer_by_the_protocol_says_nothing()
    {
        A.OnQuestion = async (http, number) =>
        {
            await http.Response.WriteAsync(number == 1 ? "<html>" : """{"jobs":{"x":{"state":"dreaming"}}}""");
            return true;
        };
        await Assert.ThrowsAnyAsync<Exception>(() => Connector.QueryAsync("draw/a", ["x"], Cancellation));
        await Assert.ThrowsAnyAsync<Exception>(() => Connector.QueryAsync("draw/a", ["x"], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Connector.QueryAsync("draw/z", ["x"], Cancellation));
    }

    [Fact]
    public void Wrong_settings_are_named_all_at_once()
    {
        var wrong = new RestServiceOptions { PollInterval = TimeSpan.Zero, StallTimeout = TimeSpan.Zero, Outage = TimeSpan.FromHours(1) };
        wrong.Instances["a"] = "127.0.0.1:9000";
        wrong.OnThisMachine.Add("z");
        var message = Assert.Throws<ArgumentException>(() => new RestConnector("draw", wrong, TimeProvider.System)).Message;
        foreach (var setting in (string[])["Instances:a '127.0.0.1:9000'", "OnThisMachine names 'z'", "PollInterval", "StallTimeout", "Outage"])
            Assert.Contains($"JobGrid:Rest:Services:draw:{setting}", message, StringComparison.Ordinal);
        Assert.Contains("at least one", Assert.Throws<ArgumentException>(() => new RestConnector("draw", new(), TimeProvider.System)).Message, StringComparison.Ordinal);
    }
}

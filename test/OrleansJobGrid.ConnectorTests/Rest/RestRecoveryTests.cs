using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Rest;

/// <summary>What the connector makes of answers that do not come, of work that is there already, and of its own end.</summary>
public sealed class RestRecoveryTests : RestTestBase
{
    [Fact]
    public async Task A_post_that_was_taken_but_not_answered_is_found_and_not_repeated()
    {
        A.OnPost = (http, _) =>
        {
            A.Jobs[A.Posts.Last()] = RestService.Done("done");
            http.Abort();
            return Task.FromResult(true);
        };
        var job = Job();

        Assert.Equal("done", Assert.IsType<CompletedResult>(await RunAsync(job)).Result!.GetValue<string>());
        Assert.Single(A.Posts);
        Assert.Single(job.Submitted);
    }

    [Fact]
    public async Task A_post_that_a_proxy_answered_is_not_taken_for_the_services_word()
    {
        A.OnPost = async (http, _) =>
        {
            A.Jobs[A.Posts.Last()] = RestService.Done("done");
            http.Response.StatusCode = 502;
            await http.Response.WriteAsync("<html>Bad gateway</html>");
            return true;
        };
        Assert.IsType<CompletedResult>(await RunAsync(Job()));
        Assert.Single(A.Posts);
    }

    [Fact]
    public async Task A_post_that_did_not_arrive_is_made_once_more_under_its_own_mark()
    {
        A.Taken = _ => RestService.Done("done");
        A.OnPost = (http, number) =>
        {
            if (number == 1)
                http.Abort();
            return Task.FromResult(number == 1);
        };
        var job = Job();

        Assert.IsType<CompletedResult>(await RunAsync(job));
        Assert.Equal(job.Submitted.Select(s => s.ExternalId), A.Posts);
        Assert.Equal(2, A.Posts.Distinct().Count());
        Assert.True(A.Questions >= 3, "It looked twice before it posted again.");
    }

    [Fact]
    public async Task Two_posts_that_did_not_arrive_are_a_transient_failure()
    {
        A.OnPost = (http, _) =>
        {
            http.Abort();
            return Task.FromResult(true);
        };
        var failed = await FailAsync(Job());
        Assert.Equal((FailureClass.Transient, "not_taken"), (failed.Class, failed.Reason));
        Assert.Equal(2, A.Posts.Count);
    }

    [Fact]
    public async Task A_post_into_a_service_that_restarted_or_is_gone_leaves_the_rest_to_the_grid()
    {
        A.OnPost = (http, _) =>
        {
            A.Boot = "boot-2";
            http.Abort();
            return Task.FromResult(true);
        };
        Assert.Contains("restarted", Assert.IsType<UnsureResult>(await RunAsync(Job())).Message, StringComparison.Ordinal);
        Assert.Single(A.Posts);

        A.OnQuestion = (http, _) =>
        {
            http.Abort();
            return Task.FromResult(true);
        };
        Assert.IsType<UnsureResult>(await RunAsync(Job()));
        Assert.Equal(2, A.Posts.Count);
    }

    [Fact]
    public async Task A_post_that_hangs_ends_with_its_limit_and_is_looked_for()
    {
        A.OnPost = async (http, number) =>
        {
            A.Jobs[A.Posts.Last()] = RestService.Done("done");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        Assert.IsType<CompletedResult>(await RunAsync(new FakeJobContext("{}") { UsableInstances = ["draw/a"], SubmitTimeout = TimeSpan.FromSeconds(1) }));
        Assert.Single(A.Posts);
    }

    [Theory]
    [InlineData("queued")]
    [InlineData("running")]
    [InlineData("completed")]
    public async Task An_earlier_post_that_is_there_is_gone_on_with(string state)
    {
        A.Jobs["early"] = RestService.State(state);
        var job = new FakeJobContext("{}") { UsableInstances = ["draw/b"], Earlier = [Early("draw/a", "none"), Early("draw/a")] };
        var running = RunAsync(job);
        await UntilAsync(() => job.Attached.Count == 1, "it went on with the earlier one");
        A.Jobs["early"] = RestService.Done("early");

        Assert.IsType<CompletedResult>(await running);
        Assert.Equal("early", job.Attached[0].ExternalId);
        Assert.Empty(A.Posts);
        Assert.Empty(B.Posts);
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("cancelled")]
    [InlineData(null)]
    public async Task An_earlier_post_that_is_over_is_no_hindrance(string? state)
    {
        if (state is not null)
            A.Jobs["early"] = RestService.State(state);
        B.Taken = _ => RestService.Done("anew");
        var job = new FakeJobContext("{}") { UsableInstances = ["draw/b"], Earlier = [Early("draw/a")] };

        Assert.IsType<CompletedResult>(await RunAsync(job));
        Assert.Empty(job.Attached);
        Assert.Single(B.Posts);
    }

    [Fact]
    public async Task An_earlier_post_at_an_instance_that_cannot_be_asked_is_the_grids_to_judge_unless_it_is_known_over()
    {
        B.Taken = _ => RestService.Done("anew");
        _ = Connector;
        await A.VanishAsync();
        Assert.IsType<UnsureResult>(await RunAsync(new FakeJobContext("{}") { UsableInstances = ["draw/b"], Earlier = [Early("draw/a")] }));
        Assert.IsType<UnsureResult>(await RunAsync(new FakeJobContext("{}") { UsableInstances = ["draw/b"], Earlier = [Early("draw/elsewhere")] }));
        Assert.Empty(B.Posts);

        var known = new FakeJobContext("{}") { UsableInstances = ["draw/b"], Earlier = [Early("draw/a") with { Over = true }] };
        Assert.IsType<CompletedResult>(await RunAsync(known));
    }

    [Fact]
    public async Task Adopted_work_is_watched_and_never_posted()
    {
        A.Jobs["early"] = RestService.Done("adopted");
        var job = new FakeJobContext("{}") { UsableInstances = ["draw/b"], Adopts = Early("draw/a"), Earlier = [Early("draw/a")] };

        Assert.Equal("adopted", Assert.IsType<CompletedResult>(await RunAsync(job)).Result!.GetValue<string>());
        Assert.Empty(A.Posts);
        Assert.Empty(job.Attached);
    }

    [Fact]
    public async Task A_short_outage_is_ridden_out_and_a_long_one_leaves_the_rest_to_the_grid()
    {
        Options.Outage = TimeSpan.FromSeconds(20);
        A.OnQuestion = async (http, number) =>
        {
            if (number is < 3 or > 8)
            {
                if (number > 8)
                    A.Jobs[A.Posts.Last()] = RestService.Done("done");
                return false;
            }

            http.Response.StatusCode = 503;
            await http.Response.WriteAsync("not now");
            return true;
        };
        Assert.IsType<CompletedResult>(await RunAsync(Job()));

        Options.Outage = TimeSpan.FromMilliseconds(100);
        A.Questions = 0;
        A.OnQuestion = (http, number) =>
        {
            if (number > 2)
                http.Abort();
            return Task.FromResult(number > 2);
        };
        Assert.Contains("could not be asked", Assert.IsType<UnsureResult>(await RunAsync(Job())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_that_the_service_forgot_or_somebody_stopped_is_told_apart()
    {
        var running = RunAsync(Job());
        await UntilAsync(() => A.Questions > 1, "it is watched");
        A.Boot = "boot-2";
        A.Jobs.Clear();
        var unsure = Assert.IsType<UnsureResult>(await running);
        Assert.Contains("boot-2", unsure.Message, StringComparison.Ordinal);

        A.Taken = _ => RestService.State("cancelled");
        Assert.Equal((FailureClass.Transient, "cancelled_outside"), ((await FailAsync(Job())) is var f ? (f.Class, f.Reason) : default));
    }

    [Fact]
    public async Task A_stop_is_confirmed_outside_and_work_that_is_let_go_goes_on()
    {
        using var stop = new CancellationTokenSource();
        A.Stopped = _ => RestService.State("running");
        var running = RunAsync(Job(), stop.Token);
        await UntilAsync(() => A.Questions > 1, "it is watched");
        await stop.CancelAsync();
        await UntilAsync(() => !A.Stops.IsEmpty, "it is stopped outside");
        Assert.False(running.IsCompleted);
        A.Jobs[A.Posts.Single()] = RestService.State("cancelled");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        using var letGo = new CancellationTokenSource();
        var job = Job();
        running = RunAsync(job, letGo.Token);
        await UntilAsync(() => A.Posts.Count == 2 && A.Questions > 5, "it is watched");
        job.LeaveRunning = true;
        await letGo.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Single(A.Stops);
    }

    [Fact]
    public async Task A_stop_that_the_service_does_not_confirm_leaves_the_rest_to_the_grid()
    {
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Job(), stop.Token);
        await UntilAsync(() => A.Questions > 1, "it is watched");
        await A.VanishAsync();
        await stop.CancelAsync();
        Assert.Contains("could not be stopped", Assert.IsType<UnsureResult>(await running).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_output_that_is_not_there_fails_the_attempt_and_one_at_another_server_is_not_fetched()
    {
        A.Taken = _ => RestService.Done(null, ("x.png", "files/x.png"));
        Assert.Equal("output_missing", (await FailAsync(Job())).Reason);
        B.Files["x.png"] = [1];
        A.Taken = _ => RestService.Done(null, ("x.png", $"{B.Address}/files/x.png"));
        Assert.Equal("invalid_output", (await FailAsync(Job())).Reason);
    }

    private static Submission Early(string instance, string id = "early") => new(instance, id, "boot-1", 1);
}

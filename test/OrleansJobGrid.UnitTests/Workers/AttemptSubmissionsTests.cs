using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Hosting;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class AttemptSubmissionsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeExternalConnector _connector = new("s/far", "s/here");
    private readonly InstanceBreakers _breakers;
    private readonly SessionLease _lease;
    private readonly FakeJob _job;
    private readonly AttemptRunner _runner;

    public AttemptSubmissionsTests()
    {
        var (grains, job) = FakeGrains.Make();
        _job = job("job-1");
        _breakers = FakeJob.Breakers(_time);
        _runner = new(grains, null!, _breakers, FakeJob.Failures, _time, NullLogger<AttemptRunner>.Instance);
        _lease = new(_time);
        _lease.Renew(_time.GetTimestamp(), TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task A_post_is_on_record_before_it_leaves_and_names_its_mark_instance_boot_and_machine()
    {
        var grant = _connector.Grant(epoch: 7);
        var posted = new List<string>();
        _connector.Execute = async (context, cancellation) =>
        {
            foreach (var instance in context.UsableInstances)
            {
                Assert.True(context.TryUse(instance));
                var known = await context.SubmitAsync(instance, "boot-9", (id, _) =>
                {
                    Assert.Contains(_job.Submissions, s => s.ExternalId == id);
                    posted.Add(id);
                    return Unnamed;
                }, cancellation);
                Assert.Equal(new Submission(instance, posted[^1], "boot-9", 7), known);
            }

            return ConnectorResult.Completed(null);
        };
        var report = await Run(grant);

        Assert.NotNull(report!.Completion);
        Assert.Equal(["submit 1 s/far", "submit 2 s/here"], _job.Words);
        Assert.Equal([ExternalIds.Of("job-1", 7, 1), ExternalIds.Of("job-1", 7, 2)], posted);
        var records = _job.Submissions.ToList();
        Assert.Equal((1, 7L, "boot-9", null), (records[0].N, records[0].Epoch, records[0].BootMark, records[0].Node));
        Assert.Equal(Environment.MachineName, records[1].Node);
        // Half a lease, since the connector's own 10 s would outlive every lease.
        Assert.Equal(4_000, records[0].SubmitTimeoutMs);
    }

    [Fact]
    public async Task The_services_own_id_goes_on_record_with_the_answer_to_the_post_and_comes_back_with_a_later_grant()
    {
        _connector.Execute = async (context, cancellation) =>
        {
            Assert.Equal("p7", (await context.SubmitAsync("s/far", null, (_, _) => Task.FromResult<string?>("p7"), cancellation)).ServiceId);
            return ConnectorResult.Completed(null);
        };
        Assert.NotNull((await Run(_connector.Grant(epoch: 7)))!.Completion);
        Assert.Equal(["submit 1 s/far", $"named {ExternalIds.Of("job-1", 7, 1)} p7"], _job.Words);

        ServiceSubmission[] all = [Recorded("mark-1") with { ServiceId = "p7" }];
        _connector.Execute = (context, _) =>
        {
            Assert.Equal(new WorkMark("mark-1", "p7"), context.Earlier.Single().Mark);
            return Task.FromResult(ConnectorResult.Completed(null));
        };
        await Run(_connector.Grant() with { Submissions = all });
    }

    [Theory]
    [InlineData(ReportOutcome.Stale, null)]
    [InlineData(ReportOutcome.Gone, null)]
    [InlineData(ReportOutcome.LeaveIt, null)]
    [InlineData(ReportOutcome.StopRequested, StopReason.Requested)]
    public async Task A_post_that_the_grid_forbids_does_not_leave(ReportOutcome outcome, StopReason? said)
    {
        _job.Answer = _ => outcome;
        var posted = false;
        _connector.Execute = Submitting((_, _) =>
        {
            posted = true;
            return Unnamed;
        });
        var report = await Run();

        Assert.False(posted);
        Assert.Equal(said, report?.Stop);
        Assert.Equal(said is null, report is null);
    }

    [Fact]
    public async Task A_post_waits_for_a_heartbeat_where_the_lease_is_short()
    {
        _time.Advance(TimeSpan.FromSeconds(5));
        _connector.Execute = Submitting((_, _) => Unnamed);
        var running = Run();
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Empty(_job.Submissions);
        _lease.Renew(_time.GetTimestamp(), TimeSpan.FromSeconds(8));

        await Advance(() => running.IsCompleted, "the post was made");
        Assert.NotNull((await running)!.Completion);
        Assert.Single(_job.Submissions);
    }

    [Fact]
    public async Task A_post_is_given_up_where_no_heartbeat_comes_and_the_grant_goes_back_unbegun()
    {
        _time.Advance(TimeSpan.FromSeconds(4));
        _connector.Execute = Submitting((_, _) => throw new InvalidOperationException("It left."));
        var running = Run();
        await Advance(() => running.IsCompleted, "the post was given up");

        Assert.Equal(StopReason.NotBegun, (await running)!.Stop);
        Assert.Empty(_job.Submissions);
    }

    [Fact]
    public async Task A_post_whose_lease_ran_short_while_its_record_was_written_does_not_leave_and_nobody_is_sure()
    {
        _job.Answer = _ =>
        {
            _time.Advance(TimeSpan.FromSeconds(4));
            return ReportOutcome.Accepted;
        };
        _connector.Execute = Submitting((_, _) => throw new InvalidOperationException("It left."));
        var running = Run();
        await Advance(() => running.IsCompleted, "the post was given up");

        Assert.Equal(StopReason.Unsure, (await running)!.Stop);
        Assert.Single(_job.Submissions);
    }

    [Fact]
    public async Task A_post_without_an_answer_ends_with_its_limit()
    {
        Exception? thrown = null;
        _connector.Execute = async (context, cancellation) =>
        {
            thrown = await Record.ExceptionAsync(() =>
                context.SubmitAsync("s/far", null, (_, ends) => new TaskCompletionSource<string?>().Task.WaitAsync(ends), cancellation));
            return ConnectorResult.Unsure("no answer");
        };
        var running = Run();
        await Advance(() => running.IsCompleted, "the post ended");

        Assert.IsType<TimeoutException>(thrown);
        Assert.Equal(StopReason.Unsure, (await running)!.Stop);
    }

    [Fact]
    public async Task A_record_that_could_not_be_written_is_written_again_under_the_same_mark()
    {
        var broken = true;
        _job.Answer = _ => broken ? throw new TimeoutException("the grid does not answer") : ReportOutcome.Accepted;
        _connector.Execute = Submitting((_, _) => Unnamed);
        var running = Run();
        await Advance(() => _job.Submissions.Count == 1, "the first try");
        broken = false;
        _lease.Renew(_time.GetTimestamp(), TimeSpan.FromSeconds(8));
        await Advance(() => running.IsCompleted, "the second try");

        Assert.NotNull((await running)!.Completion);
        Assert.Equal(2, _job.Submissions.Count);
        Assert.Single(_job.Submissions.Select(s => s.ExternalId).Distinct());
    }

    [Fact]
    public async Task An_order_to_stop_lets_a_post_come_to_its_answer_and_a_lost_session_does_not()
    {
        var answer = new TaskCompletionSource<string?>();
        _connector.Execute = Submitting((_, ends) => answer.Task.WaitAsync(ends));
        using var stopped = _connector.Attempt(lease: _lease);
        var stopping = _runner.Run(stopped);
        await Eventually.Holds(() => stopped.Begun, "the post left");
        stopped.End(EndOrder.Stop);
        Assert.False(stopping.IsCompleted);

        using var lost = _connector.Attempt(lease: _lease);
        var losing = _runner.Run(lost);
        await Eventually.Holds(() => lost.Begun, "the second post left");
        lost.End(EndOrder.LetGo);
        Assert.Null(await losing);

        answer.SetResult(null);
        Assert.NotNull((await stopping)!.Completion);
    }

    [Fact]
    public async Task An_adopted_attempt_has_begun_and_knows_what_it_takes_over()
    {
        ServiceSubmission[] all = [Recorded("mark-1"), Recorded("mark-2")];
        var report = await Run(_connector.Grant() with { Submissions = all, Adopts = "mark-2" }, c =>
        {
            Assert.Equal("mark-2", c.Adopts!.ExternalId);
            Assert.Equal(["mark-1", "mark-2"], c.Earlier.Select(e => e.ExternalId));
        });

        Assert.NotNull(report!.Completion);
        Assert.Empty(_job.Words);
    }

    [Fact]
    public async Task Going_on_with_an_earlier_submission_is_noted()
    {
        ServiceSubmission[] all = [Recorded("mark-1")];
        _connector.Execute = async (context, cancellation) =>
        {
            await context.AttachAsync(context.Earlier[0], cancellation);
            return ConnectorResult.Completed(null);
        };
        Assert.NotNull((await Run(_connector.Grant() with { Submissions = all }))!.Completion);
        Assert.Equal(["attach mark-1"], _job.Words);
    }

    [Theory]
    [InlineData(EndOrder.Stop, StopReason.Requested, false)]
    [InlineData(EndOrder.Drain, StopReason.Detached, true)]
    [InlineData(EndOrder.Stall, StopReason.Stalled, false)]
    [InlineData(EndOrder.Abandon, null, false)]
    [InlineData(EndOrder.LetGo, null, true)]
    public async Task An_order_says_whether_work_outside_goes_on(int order, StopReason? said, bool leave)
    {
        bool? left = null;
        _connector.Execute = async (context, cancellation) =>
        {
            await context.SubmitAsync("s/far", null, (_, _) => Unnamed, cancellation);
            try
            {
                return await FakeExternalConnector.UntilCancelled(context, cancellation);
            }
            finally
            {
                left = context.LeaveRunning;
            }
        };
        using var attempt = _connector.Attempt(lease: _lease);
        var running = _runner.Run(attempt);
        await Eventually.Holds(() => attempt.Begun, "the post was made");
        attempt.End((EndOrder)order);

        var report = await running;
        Assert.Equal(said, report?.Stop);
        Assert.Equal(leave, left);
    }

    [Fact]
    public async Task A_drain_before_the_first_post_gives_the_job_back()
    {
        using var attempt = _connector.Attempt(lease: _lease);
        var running = _runner.Run(attempt);
        attempt.End(EndOrder.Drain);
        Assert.Equal(StopReason.Drained, (await running)!.Stop);
    }

    [Fact]
    public async Task Transient_failures_at_an_instance_open_its_breaker_and_burn_no_more_attempts()
    {
        _connector.Execute = (context, _) =>
        {
            Assert.True(context.TryUse("s/far"));
            return Task.FromResult(ConnectorResult.Failed(FailureClass.Transient, "no_answer", "connection refused"));
        };
        for (var i = 0; i < 5; i++)
            Assert.NotNull((await Run())!.Failure);

        Assert.Equal(["s/here"], new WorkerOffer([_connector], _breakers).Now.Instances);
        var view = Assert.Single(_breakers.Views());
        Assert.Equal(("s/far", "open", "connection refused"), (view.Key, view.Value.State, view.Value.Reason));
        await Run(check: c => Assert.Equal(["s/here"], c.UsableInstances));

        for (var i = 0; i < 5; i++)
            _breakers.Of("s/here").Failed(new object(), "503");
        Assert.Empty(new WorkerOffer([_connector], _breakers).Now.Services);
        Assert.Equal(StopReason.NotBegun, (await Run(check: _ => Assert.Fail("It ran.")))!.Stop);
    }

    [Fact]
    public async Task A_full_disk_at_an_instance_opens_its_breaker_and_a_full_device_does_not()
    {
        var reason = "gpu_memory_full";
        _connector.Execute = (context, _) =>
        {
            Assert.True(context.TryUse("s/far"));
            return Task.FromResult(ConnectorResult.Failed(FailureClass.ResourceExhaustion, reason, "No space left on device"));
        };
        for (var i = 0; i < 10; i++)
            await Run();
        Assert.Empty(_breakers.Views());
        reason = "disk_space_full";
        for (var i = 0; i < 5; i++)
            await Run();
        Assert.Equal("s/far", Assert.Single(_breakers.Views()).Key);
    }

    [Fact]
    public async Task Failures_that_lie_with_the_job_open_no_breaker()
    {
        _connector.Execute = (context, _) =>
        {
            Assert.True(context.TryUse("s/far"));
            return Task.FromResult(ConnectorResult.Failed(FailureClass.Malformed, "bad", "bad"));
        };
        for (var i = 0; i < 10; i++)
            await Run();
        Assert.Empty(_breakers.Views());
    }

    [Fact]
    public async Task An_instance_that_lacks_something_is_not_usable_and_a_connector_left_with_none_gives_the_job_back()
    {
        _connector.Execute = (context, _) =>
        {
            Assert.Equal(["s/here"], context.UsableInstances);
            throw new NoUsableInstanceException("outside");
        };
        Assert.Equal(StopReason.NotBegun, (await Run(_connector.Grant() with { ExcludedInstances = ["s/far"] }))!.Stop);
    }

    private static Task<string?> Unnamed { get; } = Task.FromResult<string?>(null);

    private static ServiceSubmission Recorded(string mark) => new() { N = 1, Epoch = 1, Instance = "s/far", ExternalId = mark };

    private static Func<IJobContext, CancellationToken, Task<ConnectorResult>> Submitting(Func<string, CancellationToken, Task<string?>> post) =>
        async (context, cancellation) =>
        {
            await context.SubmitAsync("s/far", null, post, cancellation);
            return ConnectorResult.Completed(null);
        };

    private async Task<AttemptReport?> Run(JobGrant? grant = null, Action<IJobContext>? check = null)
    {
        if (check is not null)
        {
            _connector.Execute = (context, _) =>
            {
                check(context);
                return Task.FromResult(ConnectorResult.Completed(null));
            };
        }

        using var attempt = _connector.Attempt(grant, _lease);
        return await _runner.Run(attempt);
    }

    private Task Advance(Func<bool> holds, string phase) => Eventually.Holds(
        () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            return holds();
        },
        phase);
}

using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Hosting;
using OrleansJobGrid.Workers.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>A session on a grid of fakes; the clock is the test's.</summary>
public sealed class WorkerSessionTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeWorker _worker = new();
    private readonly FakeConnector _inProcess = new(FakeExternalConnector.UntilCancelled);
    private readonly FakeExternalConnector _outside = new("s/a", "s/b");
    private readonly InstanceBreakers _breakers;
    private readonly CancellationTokenSource _leave = new();
    private readonly WorkerSession _session;
    private readonly Task _life;

    public WorkerSessionTests()
    {
        var (grains, _) = FakeGrains.Make(_worker);
        var options = new WorkerOptions { Id = "w1", Slots = 2, DrainBudget = TimeSpan.FromSeconds(3) };
        options.Queues.Add("default");
        _breakers = new(Options.Create(options), _time, NullLogger<InstanceBreakers>.Instance);
        var runner = new AttemptRunner(grains, null!, _breakers, FakeJob.Failures, _time, NullLogger<AttemptRunner>.Instance);
        var pulse = new AttemptPulse(grains, runner, new(AttemptPulse.Period, _time), _time, NullLogger<AttemptPulse>.Instance);
        var profile = new WorkerProfile { Node = "n", Process = "", Services = ["fake", "outside"], Slots = 2, StartedAt = 0, Version = "test" };
        var connectors = new Dictionary<string, IConnector> { ["fake"] = _inProcess, ["outside"] = _outside };
        var plan = new PlannedWorker { Id = "w1", Slots = 2, Options = options, Capabilities = new(WorkerCapabilities.None) };
        var parts = new WorkerParts(grains, new RemoteLink(grains), null!, new("", "test"), FakeJob.Failures, null, _time, NullLoggerFactory.Instance);
        _session = new("session-1", plan, connectors, runner, pulse, _breakers, profile, new(plan.Capabilities, [], null), parts);
        _life = _session.Run(_leave.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _leave.CancelAsync();
        await Until(() => _life.IsCompleted, "the session is over");
        await _life;
        _session.Dispose();
        _leave.Dispose();
    }

    [Fact]
    public async Task An_adopted_grant_is_held_from_its_arrival_runs_beside_full_slots_and_is_reported()
    {
        _worker.Grant(Own("in-1"));
        _worker.Grant(Own("in-2"));
        await Until(() => Held("in-1") && Held("in-2"), "both slots are taken");
        var done = new TaskCompletionSource<ConnectorResult>();
        _outside.Execute = (_, _) => done.Task;
        var adoption = Adoption("job-a");
        _worker.Order(new() { Adoptions = [adoption, adoption] });

        await Until(() => Held("job-a"), "the adopted grant is in a heartbeat");
        Assert.Equal("mark", Assert.Single(_outside.Contexts).Adopts!.ExternalId);
        done.SetResult(ConnectorResult.Failed(FailureClass.Malformed, "bad", "bad"));
        await Until(() => !_worker.Reports.IsEmpty, "its end is reported");
        Assert.Equal(("job-a", "bad", "s/a"), (_worker.Reports.Single().JobId, _worker.Reports.Single().Failure!.FailureReason, _worker.Reports.Single().Failure!.Instance));
        await Until(() => !Held("job-a"), "it is held no more");
    }

    [Fact]
    public async Task A_lost_session_stops_its_own_work_lets_go_of_work_outside_and_reports_what_had_ended()
    {
        var cancelled = new TaskCompletionSource<bool>();
        _outside.Execute = async (context, cancellation) =>
        {
            // One that had ended at this moment, and one that had not.
            if (context.JobId == "job-b")
            {
                await cancelled.Task;
                return ConnectorResult.Failed(FailureClass.Malformed, "ended", "ended");
            }

            try
            {
                return await FakeExternalConnector.UntilCancelled(context, cancellation);
            }
            finally
            {
                cancelled.SetResult(context.LeaveRunning);
            }
        };
        _worker.Grant(Own("in-1"));
        _worker.Order(new() { Adoptions = [Adoption("job-a"), Adoption("job-b")] });
        await Until(() => Held("in-1") && Held("job-a") && Held("job-b"), "all is held");
        _worker.Beat = () => throw new TimeoutException("the grid does not answer");
        await Until(() => _life.IsCompleted, "the session is over");

        Assert.True(await cancelled.Task);
        Assert.Empty(_outside.Cancelled);
        Assert.Equal(["job-b"], _worker.Reports.Select(r => r.JobId));
    }

    [Fact]
    public async Task A_session_that_the_grid_ended_stops_outside_only_what_it_is_told_to()
    {
        var left = new Dictionary<string, bool>();
        _outside.Execute = async (context, cancellation) =>
        {
            try
            {
                return await FakeExternalConnector.UntilCancelled(context, cancellation);
            }
            finally
            {
                lock (left)
                    left[context.JobId] = context.LeaveRunning;
            }
        };
        var (yours, other) = (Adoption("job-yours"), Adoption("job-other"));
        _worker.Order(new() { Adoptions = [yours, other] });
        await Until(() => Held("job-yours") && Held("job-other"), "both are held");
        _worker.Beat = () => new(0, true, [new("job-yours", yours.Token, "cancel_yours")]);
        await Until(() => _life.IsCompleted, "the session is over");

        Assert.Equal((false, true), (left["job-yours"], left["job-other"]));
        Assert.Empty(_worker.Reports);
    }

    [Fact]
    public async Task An_order_to_stop_reaches_the_connector_and_one_to_leave_it_lets_go()
    {
        var left = new Dictionary<string, bool>();
        _outside.Execute = async (context, cancellation) =>
        {
            try
            {
                return await FakeExternalConnector.UntilCancelled(context, cancellation);
            }
            finally
            {
                lock (left)
                    left[context.JobId] = context.LeaveRunning;
            }
        };
        var (stop, leave) = (Adoption("job-stop"), Adoption("job-leave"));
        _worker.Order(new() { Adoptions = [stop, leave] });
        await Until(() => Held("job-stop") && Held("job-leave"), "both are held");
        _worker.Order(new() { Stops = [new("job-stop", stop.Token, "cancel"), new("job-leave", leave.Token, "adopted elsewhere", LeaveIt: true)] });

        await Until(() => !Held("job-stop") && !Held("job-leave"), "both have ended");
        Assert.Equal((false, true), (left["job-stop"], left["job-leave"]));
        Assert.Equal(("job-stop", StopReason.Requested), (_worker.Reports.Single().JobId, _worker.Reports.Single().Stop));
    }

    [Fact]
    public async Task A_query_stops_what_it_should_and_answers_with_what_each_submission_is_now()
    {
        _outside.CancelFault = new HttpRequestException("no answer to the stop");
        _outside.Query = (_, _, _) => Task.FromResult(new InstanceReport("boot-7", new Dictionary<string, SubmissionReport>
        {
            ["a"] = new(SubmissionState.Queued),
            ["b"] = new(SubmissionState.Completed),
            ["c"] = new(SubmissionState.Failed, new FailedResult(FailureClass.ResourceExhaustion, "oom", "CUDA out of memory", null)),
            ["d"] = new(SubmissionState.Absent),
            ["e"] = new(SubmissionState.Cancelled),
        }));
        var answer = await Ask(new() { QueryId = Guid.NewGuid(), Instance = "s/a", ExternalIds = ["a", "b", "c", "d", "e"], Cancel = ["e"] });

        Assert.Null(answer.Fault);
        Assert.Equal("boot-7", answer.BootMark);
        Assert.Equal(
            [Finding.Running, Finding.Completed, Finding.Failed, Finding.Absent, Finding.Cancelled],
            new[] { "a", "b", "c", "d", "e" }.Select(id => answer.Findings[id].Finding));
        Assert.Equal((FailureClasses.ResourceExhaustion, "s/a"), (answer.Findings["c"].Failure!.FailureClass, answer.Findings["c"].Failure!.Instance));
        Assert.Equal(["e"], _outside.Cancelled);
    }

    [Fact]
    public async Task An_instance_that_cannot_be_asked_is_a_fault_that_says_why()
    {
        Assert.Contains("no instance 's/z'", (await Ask(new() { QueryId = Guid.NewGuid(), Instance = "s/z", ExternalIds = ["a"] })).Fault);

        _outside.Query = (_, _, _) => throw new HttpRequestException("connection refused");
        Assert.Contains("connection refused", (await Ask(new() { QueryId = Guid.NewGuid(), Instance = "s/a", ExternalIds = ["a"] })).Fault);

        // Deaf to its token.
        _outside.Query = (_, _, _) => new TaskCompletionSource<InstanceReport>().Task;
        Assert.Contains("did not answer within", (await Ask(new() { QueryId = Guid.NewGuid(), Instance = "s/a", ExternalIds = ["a"] })).Fault);
    }

    [Fact]
    public async Task An_open_breaker_goes_with_heartbeats_and_claims_leave_its_instance_out()
    {
        await Until(() => _worker.Claims.Any(c => c.Instances.SequenceEqual(["s/a", "s/b"])), "a claim with both");
        Break("s/a");
        await Until(() => _worker.Claims.Last().Instances.SequenceEqual(["s/b"]), "a claim without the one");
        await Until(() => _worker.Heartbeats.Last().Breakers.GetValueOrDefault("s/a") is { State: "open", Reason: "503" }, "a heartbeat says so");
        Break("s/b");
        await Until(() => _worker.Claims.Last().Services.SequenceEqual(["fake"]), "a claim without the service");
        await Until(() => _worker.Claims.Last().Services.Contains("outside"), "a claim with it after the pause");
    }

    [Fact]
    public async Task A_drain_detaches_what_runs_outside()
    {
        _worker.Order(new() { Adoptions = [Adoption("job-a")] });
        await Until(() => Held("job-a"), "it is held");
        await _leave.CancelAsync();
        await Until(() => _life.IsCompleted, "the worker left");

        Assert.Equal(StopReason.Detached, _worker.Reports.Single().Stop);
        Assert.True(_worker.Left);
        Assert.True(_worker.Heartbeats.Last().Draining);
    }

    private static JobGrant Own(string jobId) =>
        new() { JobId = jobId, Token = new(1, Guid.NewGuid()), Attempt = 1, Service = "fake", Payload = "{}"u8.ToArray() };

    private JobGrant Adoption(string jobId) => _outside.Grant(jobId, epoch: 2) with
    {
        Submissions = [new() { N = 1, Epoch = 1, Instance = "s/a", ExternalId = "mark" }],
        Adopts = "mark",
    };

    private bool Held(string jobId) => _worker.Heartbeats.LastOrDefault()?.Held.Any(h => h.JobId == jobId) == true;

    private void Break(string instance)
    {
        for (var i = 0; i < 5; i++)
            _breakers.Of(instance).Failed(this, "503");
    }

    private async Task<ServiceAnswer> Ask(ServiceQuery query)
    {
        _worker.Order(new() { Queries = [query] });
        await Until(() => _worker.Answers.Any(a => a.QueryId == query.QueryId), "an answer");
        return _worker.Answers.Single(a => a.QueryId == query.QueryId);
    }

    private Task Until(Func<bool> holds, string phase) => Eventually.Holds(
        () =>
        {
            if (holds())
                return true;
            _time.Advance(TimeSpan.FromMilliseconds(20));
            return false;
        },
        phase);
}

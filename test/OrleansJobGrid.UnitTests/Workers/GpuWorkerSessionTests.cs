using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.UnitTests.Workers.Gpu;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;
using OrleansJobGrid.Workers.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>A worker of one GPU with two slots for one customer at a time; grid, device and clock are the test's.</summary>
public sealed class GpuWorkerSessionTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-gpu-worker-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly FakeWorker _worker = new();
    private readonly FakeGpuProbe _probe = new(Gpus.Reading());
    private readonly GpuMonitor _monitor;
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _leave = new();
    private readonly PlannedWorker _plan;
    private readonly FakeModelConnector _connector;
    private readonly WorkerSession _session;
    private readonly Task _life;

    public GpuWorkerSessionTests()
    {
        var (grains, _) = FakeGrains.Make(_worker);
        var artefacts = FolderArtefactStore.Open(_folder);
        var options = new WorkerOptions { Id = "w1", Slots = 2, DrainBudget = TimeSpan.FromSeconds(3) };
        options.Queues.Add("default");
        options.CustomerAccess.Isolation = "strict";
        _connector = new(async (context, cancellation) =>
        {
            context.ReportGpuMemory(5_000);
            if (context.JobId.StartsWith("breaks", StringComparison.Ordinal))
                return ConnectorResult.Failed(FailureClass.Transient, "gpu_error", "launch failure");
            if (context.JobId == "wrong")
                return ConnectorResult.Failed(FailureClass.Malformed, "invalid_payload", "it is wrong");
            await _end.Task.WaitAsync(cancellation);
            return context.JobId == "fails" ? ConnectorResult.Failed(FailureClass.ResourceExhaustion, "oom", "oom") : ConnectorResult.Completed(null);
        });
        _monitor = new(_probe, _time, NullLogger<GpuMonitor>.Instance);
        _monitor.Begin(_probe.Read());
        _plan = WorkerPlan.Of([new("JobGrid:Worker", null, options)], _probe.Read(), new(1, null, null), [_connector]).Workers.Single();
        var breakers = new InstanceBreakers(Options.Create(options), _time, NullLogger<InstanceBreakers>.Instance);
        var runner = new AttemptRunner(grains, artefacts, breakers, FakeJob.Failures, _time, NullLogger<AttemptRunner>.Instance, _monitor);
        var pulse = new AttemptPulse(grains, runner, new(AttemptPulse.Period, _time), _time, NullLogger<AttemptPulse>.Instance);
        var profile = new WorkerProfile { Node = "n", Process = "", Services = ["fake"], Slots = 2, StartedAt = 0, Version = "test" };
        var parts = new WorkerParts(grains, new RemoteLink(grains), artefacts, new("", "test"), FakeJob.Failures, _monitor, _time, NullLoggerFactory.Instance);
        _session = new("session-1", _plan, new Dictionary<string, IConnector> { ["fake"] = _connector }, runner, pulse, breakers, profile, new(_plan.Capabilities, [_connector], null), parts);
        _life = _session.Run(_leave.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _leave.CancelAsync();
        await Until(() => _life.IsCompleted, "the session is over");
        await _life;
        _session.Dispose();
        _leave.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_claim_says_what_the_worker_can_do_and_what_is_true_now()
    {
        await Until(() => !_worker.Claims.IsEmpty, "a claim");
        var claim = _worker.Claims.First();
        Assert.Equal((_plan.Capabilities.Text, _plan.Capabilities.Key), (claim.Capabilities, claim.CapabilitiesKey));
        Assert.Equal((23_000L, 24_000L, 0), (claim.Facts.FreeGpuMemoryMb, claim.Facts.TotalGpuMemoryMb, claim.Facts.Held));

        _connector.Models = ["sdxl", "flux"];
        _connector.Loads = 2;
        _worker.Grant(Grant("j", customer: "a", envelope: 10_000));
        await Until(() => _worker.Claims.Last().Facts is { Held: 1, FreeGpuMemoryMb: 14_000 }, "a claim beside the job");
        Assert.Equal(["a"], _worker.Claims.Last().Facts.Customers);
        Assert.Equal(["flux", "sdxl"], _worker.Claims.Last().Facts.LoadedModels);
        await Until(() => _worker.Heartbeats.Last() is { ModelLoads: 2, Gpu: { Uuid: "GPU-0", MemoryFreeMb: 23_000, Fault: null } }, "a heartbeat says so");
        Assert.Equal(["flux", "sdxl"], _worker.Heartbeats.Last().LoadedModels);
    }

    [Fact]
    public async Task A_device_that_cannot_be_read_has_no_free_memory_and_says_why()
    {
        _probe.Reads = () => throw new InvalidOperationException("NVML says 999");
        _monitor.Read();
        await Until(() => _worker.Claims.LastOrDefault() is { Facts.FreeGpuMemoryMb: null }, "a claim without the figure");
        await Until(() => _worker.Heartbeats.LastOrDefault()?.Gpu?.Fault?.Contains("NVML says 999", StringComparison.Ordinal) == true, "a heartbeat with the fault");
    }

    [Fact]
    public async Task While_its_device_is_gone_a_worker_claims_nothing_gives_back_what_was_on_its_way_and_goes_on_when_it_is_back()
    {
        var good = _probe.Reads;
        _worker.Grant(Grant("running", customer: "a"));
        await Until(() => Held("running"), "it is held");
        var late = new TaskCompletionSource<ClaimAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        await ClaimsWait(late.Task, 1, "a claim waits");

        _probe.Reads = () => Gpus.None;
        await Until(() => _worker.Heartbeats.Last() is { Draining: false, Gpu: { Gone: true, Fault: not null } }, "a heartbeat says so");
        await Until(() => !_worker.Forgotten.IsEmpty, "the wait ends");
        var claims = _worker.Claims.Count;
        late.SetResult(new([Grant("late", customer: "a")]));
        await Until(() => Report("late") is not null, "what was on its way is given back");
        Assert.Equal(StopReason.NotBegun, Report("late")!.Stop);

        // What runs there is not taken from it: it may live, and it ends by itself where it does not.
        _end.SetResult();
        await Until(() => Report("running") is not null, "the job ends");
        var beats = _worker.Heartbeats.Count;
        await Until(() => _worker.Heartbeats.Count > beats + 3, "it lives on");
        Assert.Equal(claims, _worker.Claims.Count);
        Assert.Equal(["running"], _connector.Ran);

        _worker.OnClaim = null;
        _probe.Reads = good;
        await Until(() => _worker.Claims.Count > claims, "it claims again");
        _worker.Grant(Grant("next", customer: "a"));
        await Until(() => Report("next")?.Completion is not null, "and works");
    }

    [Fact]
    public async Task A_service_whose_jobs_break_its_device_again_and_again_rests_until_one_that_is_let_through_ends_well()
    {
        _end.SetResult();
        for (var n = 1; n <= 5; n++)
        {
            Assert.Empty(_worker.Heartbeats.Last().Breakers);
            _worker.Grant(Grant($"breaks-{n}", customer: "a"));
            // What goes well in between does not tell that the device is whole.
            _worker.Grant(Grant($"well-{n}", customer: "a"));
            await Until(() => Report($"breaks-{n}") is not null && Report($"well-{n}") is not null, $"pair {n} has ended");
        }

        await Until(() => _worker.Heartbeats.Last().Breakers.Count > 0, "a heartbeat says so");
        var (key, breaker) = _worker.Heartbeats.Last().Breakers.Single();
        Assert.Equal(("fake", "open", "launch failure"), (key, breaker.State, breaker.Reason));
        await Until(() => Report("breaks-5") is not null, "its claims have ended");
        var claims = _worker.Claims.Count;
        var beats = _worker.Heartbeats.Count;
        await Until(() => _worker.Heartbeats.Count > beats + 5, "ten seconds later", stepMs: 200);
        // Claims that were on their way when it opened.
        Assert.InRange(_worker.Claims.Count - claims, 0, 2);

        claims = _worker.Claims.Count;
        await Until(() => _worker.Claims.Count > claims, "after its pause it claims again", stepMs: 200);
        await Until(() => _worker.Heartbeats.Last().Breakers.GetValueOrDefault("fake")?.State == "half_open", "a heartbeat says so");
        // One that is wrong itself says nothing of the device; the next one is let through.
        _worker.Grant(Grant("wrong", customer: "a"));
        await Until(() => Report("wrong") is not null, "the one let through has ended");
        Assert.NotEmpty(_worker.Heartbeats.Last().Breakers);
        _worker.Grant(Grant("well", customer: "a"));
        await Until(() => _worker.Heartbeats.Last().Breakers.Count == 0, "the one that ended well closes it");
    }

    [Fact]
    public async Task Of_two_grants_that_do_not_go_together_one_is_given_back_at_once()
    {
        _worker.Grant(Grant("j1", customer: "a", envelope: 10_000));
        await Until(() => Held("j1"), "the first is held");
        _worker.Grant(Grant("j2", customer: "b"));
        await Until(() => Report("j2") is not null, "the other customer's is given back");
        _worker.Grant(Grant("j3", customer: "a", envelope: 14_001));
        await Until(() => Report("j3") is not null, "the one that is too large is given back");
        _worker.Grant(Grant("j4", customer: "a", envelope: 14_000));
        await Until(() => Held("j4"), "the one that fits is held");

        Assert.Equal((StopReason.NotBegun, StopReason.NotBegun), (Report("j2")!.Stop, Report("j3")!.Stop));
        Assert.Equal(["j1", "j4"], _connector.Ran.Order());
        Assert.Equal(["GPU-0", "w1"], [_connector.Gpu!, _connector.Worker!]);
        _end.SetResult();
        await Until(() => Report("j1") is not null && Report("j4") is not null, "both end");
        Assert.Equal(5_000, Report("j1")!.Completion!.PeakGpuMemoryMb);
    }

    [Fact]
    public async Task A_failure_says_which_device_it_had_and_how_much_of_it()
    {
        _worker.Grant(Grant("fails", customer: "a"));
        await Until(() => Held("fails"), "it is held");
        _end.SetResult();
        await Until(() => Report("fails") is not null, "it is reported");
        var failure = Report("fails")!.Failure!;
        Assert.Equal(("GPU-0", 23_000L, 1_000L, 24_000L), (failure.Gpu, failure.GpuMemoryGivenMb, failure.GpuMemoryUsedMb, failure.GpuMemoryTotalMb));
    }

    [Fact]
    public async Task A_claim_that_waits_begins_anew_when_memory_became_free()
    {
        var waits = new TaskCompletionSource<ClaimAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        await ClaimsWait(waits.Task, 2, "claims wait");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(_worker.Forgotten);
        _probe.Reads = () => Gpus.Found(Gpus.Reading(used: 500));
        _monitor.Read();
        await Until(() => !_worker.Forgotten.IsEmpty, "they are forgotten");
        Assert.Contains(_worker.Claims, c => c.ClaimId == _worker.Forgotten.First());
        waits.SetResult(ClaimAnswer.None);
        await Until(() => _worker.Claims.Last().Facts.FreeGpuMemoryMb == 23_500, "a claim with the new figure");
    }

    [Fact]
    public async Task A_drain_order_ends_claims_hands_jobs_on_after_its_time_and_its_withdrawal_begins_claims()
    {
        _worker.Grant(Grant("j1", customer: "a"));
        await Until(() => Held("j1"), "it is held");
        var order = new DrainOrder(Guid.NewGuid(), 4_000, "new driver");
        _worker.Beat = () => new(8_000, false, [], order);
        await Until(() => _worker.Heartbeats.Last().Draining, "the heartbeat says so");
        Assert.Null(Report("j1"));
        // One that was on its way at that moment.
        await Until(() => Report("j1") is not null || _worker.Heartbeats.Count(h => h.Draining) > 1, "a heartbeat later");
        var claims = _worker.Claims.Count;
        await Until(() => Report("j1") is not null, "its time is over");
        Assert.Equal(StopReason.Drained, Report("j1")!.Stop);
        Assert.Equal(claims, _worker.Claims.Count);

        var beats = _worker.Heartbeats.Count;
        await Until(() => _worker.Heartbeats.Count > beats + 3, "it lives on");
        Assert.Equal(claims, _worker.Claims.Count);
        Assert.False(_life.IsCompleted);
        Assert.False(_worker.Left);

        _worker.Beat = () => new(8_000, false, []);
        await Until(() => _worker.Claims.Count > claims, "it claims again");
        await Until(() => !_worker.Heartbeats.Last().Draining, "the heartbeat says so");
        _worker.Grant(Grant("j2", customer: "a"));
        await Until(() => Held("j2"), "and works");
    }

    [Fact]
    public async Task A_drain_order_without_a_budget_lets_jobs_end_and_gives_back_what_was_on_its_way()
    {
        var late = new TaskCompletionSource<ClaimAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _worker.Grant(Grant("j1", customer: "a"));
        await Until(() => Held("j1"), "it is held");
        await ClaimsWait(late.Task, 1, "a claim waits");
        _worker.Beat = () => new(8_000, false, [], new(Guid.Empty, null, "a look inside"));
        await Until(() => _worker.Heartbeats.Last().Draining, "it drains");
        late.SetResult(new([Grant("j2", customer: "a")]));
        await Until(() => Report("j2") is not null, "the late grant is given back");
        Assert.Equal(StopReason.NotBegun, Report("j2")!.Stop);

        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(Report("j1"));
        _end.SetResult();
        await Until(() => Report("j1") is not null, "the job ends");
        Assert.NotNull(Report("j1")!.Completion);
    }

    private static JobGrant Grant(string jobId, string customer, long? envelope = null) => new()
    {
        JobId = jobId,
        Token = new(1, Guid.NewGuid()),
        Attempt = 1,
        Service = "fake",
        Payload = "{}"u8.ToArray(),
        CustomerId = customer,
        EnvelopeMb = envelope,
    };

    /// <summary>So many claims come, and wait for this answer.</summary>
    private Task ClaimsWait(Task<ClaimAnswer> answer, int count, string phase)
    {
        var waiting = 0;
        _worker.OnClaim = _ =>
        {
            Interlocked.Increment(ref waiting);
            return answer;
        };
        return Until(() => waiting == count, phase);
    }

    private bool Held(string jobId) => _worker.Heartbeats.LastOrDefault()?.Held.Any(h => h.JobId == jobId) == true;

    private AttemptReport? Report(string jobId) => _worker.Reports.FirstOrDefault(r => r.JobId == jobId);

    /// <summary>The clock goes on, and the monitor with it.</summary>
    private Task Until(Func<bool> holds, string phase, int stepMs = 20) => Eventually.Holds(
        () =>
        {
            if (holds())
                return true;
            _time.Advance(TimeSpan.FromMilliseconds(stepMs));
            _monitor.Read();
            return false;
        },
        phase);
}

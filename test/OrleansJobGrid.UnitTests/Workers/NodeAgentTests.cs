using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.UnitTests.Workers.Gpu;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;
using OrleansJobGrid.Workers.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class NodeAgentTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeWorker _worker = new();

    [Fact]
    public async Task Each_planned_worker_runs_with_connectors_started_once_and_all_leave_side_by_side()
    {
        var starts = 0;
        var connector = new StartedConnector(() => starts++);
        using var agent = Agent(connector, new() { Slots = 1 }, Gpus.Reading(0), Gpus.Reading(1));
        await agent.StartAsync(TestContext.Current.CancellationToken);
        await Until(() => _worker.Heartbeats.Select(h => h.Gpu?.Uuid).Distinct().Order().SequenceEqual(["GPU-0", "GPU-1"]), "both live");
        // The monitor reads on.
        var begun = _time.GetTimestamp();
        await Until(() => _time.GetElapsedTime(begun) > TimeSpan.FromSeconds(10) && _worker.Heartbeats.Last().Gpu!.Fault is null, "readings stay fresh");
        var stop = agent.StopAsync(TestContext.Current.CancellationToken);
        await Until(() => stop.IsCompleted, "it has stopped");

        Assert.Equal(1, starts);
        Assert.Equal(2, _worker.Heartbeats.Select(h => h.SessionId).Distinct().Count());
        Assert.Equal(2, _worker.Leaves.Distinct().Count());
    }

    [Fact]
    public async Task A_process_whose_connectors_all_fail_says_so()
    {
        using var agent = Agent(new StartedConnector(() => throw new IOException("no disk")), new());
        await agent.StartAsync(TestContext.Current.CancellationToken);
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => agent.ExecuteTask!);
        Assert.Contains("nothing to offer", fault.Message);
    }

    [Fact]
    public void A_plan_with_errors_fails_the_check_of_the_settings()
    {
        var planner = new WorkerPlanner([new("JobGrid:Worker", null, new() { Gpus = "3" })], new FakeGpuProbe(), []);
        Assert.Contains("names the GPU '3'", Assert.Single(planner.Validate(null, new()).Failures!));
        var broken = new FakeGpuProbe { Reads = () => throw new InvalidOperationException("NVML says 999") };
        Assert.Equal("the look for GPUs failed: NVML says 999", new WorkerPlanner([new("JobGrid:Worker", null, new())], broken, []).Found.Absence);
    }

    private NodeAgent Agent(IConnector connector, WorkerOptions options, params GpuReading[] gpus)
    {
        options.Queues.Add("default");
        var (grains, _) = FakeGrains.Make(_worker);
        var probe = new FakeGpuProbe(gpus);
        var planner = new WorkerPlanner([new("JobGrid:Worker", null, options)], probe, [connector]);
        var monitor = new GpuMonitor(probe, _time, NullLogger<GpuMonitor>.Instance);
        return new(grains, new RemoteLink(grains), [connector], FakeJob.Failures, null!, new("", "test"), planner, monitor, new(), _time, NullLoggerFactory.Instance);
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

    private sealed class StartedConnector(Action started) : IConnector
    {
        public string Service => "fake";

        public WorkLocation Location => WorkLocation.InProcess;

        public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(1);

        public Task StartAsync(CancellationToken cancellationToken)
        {
            started();
            return Task.CompletedTask;
        }

        public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

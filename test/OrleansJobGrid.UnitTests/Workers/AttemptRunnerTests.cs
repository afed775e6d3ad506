using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.UnitTests.Workers.Gpu;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class AttemptRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-runner-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly FolderArtefactStore _artefacts;
    private readonly FakeJob _job;
    private readonly InstanceBreakers _breakers;
    private readonly AttemptRunner _runner;

    public AttemptRunnerTests()
    {
        var (grains, job) = FakeGrains.Make();
        _artefacts = FolderArtefactStore.Open(_folder);
        _job = job("job-1");
        _breakers = FakeJob.Breakers(_time);
        _runner = new(grains, _artefacts, _breakers, FakeJob.Failures, _time, NullLogger<AttemptRunner>.Instance);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Run_WhenTheWorkIsDone_ReportsResultOutputsAndDuration()
    {
        var report = await Run(async (context, cancellation) =>
        {
            var output = await context.Files.WriteOutputAsync("a.txt", new MemoryStream("abc"u8.ToArray()), cancellation);
            _time.Advance(TimeSpan.FromMilliseconds(1_500));
            return ConnectorResult.Completed(new JsonObject { ["n"] = context.Payload.GetProperty("n").GetInt32() }, [output]);
        });

        Assert.Equal(("job-1", 1_500), (report!.JobId, report.Completion!.DurationMs));
        Assert.Equal("{\"n\":3}", Encoding.UTF8.GetString(report.Completion.Result!));
        Assert.Equal(("a.txt", 3L), (report.Completion.Outputs[0].Name, report.Completion.Outputs[0].Size));
        Assert.Empty(_job.Words);
    }

    [Fact]
    public async Task Run_WhenTheResultIsLarge_KeepsItAsAFile()
    {
        var text = new string('x', 70_000);
        var report = await Run((_, _) => Task.FromResult(ConnectorResult.Completed(JsonValue.Create(text))));

        var output = Assert.Single(report!.Completion!.Outputs);
        Assert.Equal("result.json", output.Name);
        Assert.Equal(output.Artefact, JsonNode.Parse(report.Completion.Result)!["artefact"]!.GetValue<string>());
        await using var kept = await _artefacts.OpenReadAsync(output.Artefact, TestContext.Current.CancellationToken);
        Assert.Equal(text, (await JsonNode.ParseAsync(kept!, cancellationToken: TestContext.Current.CancellationToken))!.GetValue<string>());
    }

    [Theory]
    [InlineData("s/here", 4_000L)]
    // Its work took another machine's memory.
    [InlineData("s/far", null)]
    public async Task Run_WhenNobodySaysWhatMemoryItTook_ReportsWhatItsGpuShowed(string instance, long? expected)
    {
        var used = 1_000L;
        var monitor = new GpuMonitor(
            new FakeGpuProbe { Reads = () => Gpus.Found(Gpus.Reading(used: used)) }, _time, NullLogger<GpuMonitor>.Instance);
        monitor.Read();
        var connector = new FakeExternalConnector("s/here", "s/far")
        {
            Execute = (_, _) =>
            {
                used = 5_000;
                monitor.Read();
                return Task.FromResult(ConnectorResult.Completed(null));
            },
        };
        var (grains, _) = FakeGrains.Make();
        var runner = new AttemptRunner(grains, _artefacts, _breakers, FakeJob.Failures, _time, NullLogger<AttemptRunner>.Instance, monitor);
        using var attempt = new Attempt(connector.Grant(), connector, 0) { Gpu = "GPU-0", Instance = instance };
        Assert.Equal(expected, (await runner.Run(attempt))!.Completion!.PeakGpuMemoryMb);
    }

    [Theory]
    [InlineData(FailureClass.Transient, "transient")]
    [InlineData(FailureClass.ResourceExhaustion, "resource_exhaustion")]
    [InlineData(FailureClass.Malformed, "malformed")]
    [InlineData(FailureClass.Refused, "refused")]
    [InlineData(FailureClass.Unauthorized, "unauthorized")]
    [InlineData(FailureClass.RateLimited, "rate_limited")]
    [InlineData(FailureClass.MissingHere, "missing_here")]
    public async Task Run_WhenTheWorkFails_ReportsItsClassByName(FailureClass failure, string name)
    {
        var report = await Run((_, _) => Task.FromResult(ConnectorResult.Failed(failure, "why", new string('m', 9_000), TimeSpan.FromSeconds(7))));

        Assert.Equal((name, "why", 7_000L), (report!.Failure!.FailureClass, report.Failure.FailureReason, report.Failure.RetryAfterMs));
        Assert.InRange(report.Failure.Message.Length, 4_000, 4_010);
    }

    [Fact]
    public async Task Run_WhenTheConnectorThrows_IsATransientFailure_AlsoForACancellationThatNobodyOrdered()
    {
        var report = await Run((_, _) => throw new IOException("the disk is gone"));
        Assert.Equal(("transient", "unknown_error", "IOException: the disk is gone"), (report!.Failure!.FailureClass, report.Failure.FailureReason, report.Failure.Message));

        report = await Run((_, _) => throw new OperationCanceledException("own timeout"));
        Assert.Equal("transient", report!.Failure!.FailureClass);
    }

    [Theory]
    [InlineData("disk_space_full", FailureClass.ResourceExhaustion, true)]
    [InlineData("gpu_error", FailureClass.Transient, true)]
    [InlineData("gpu_memory_full", FailureClass.ResourceExhaustion, false)]
    [InlineData("exit_code", FailureClass.Transient, false)]
    public async Task Run_WhenTheMachineFailsAServiceAgainAndAgain_KeepsJobsFromThatServiceForAWhile(string reason, FailureClass failureClass, bool rests)
    {
        var offer = new WorkerOffer([new FakeConnector(), new FakeConnector { Service = "other" }], _breakers);
        var all = offer.Now.Services;
        for (var n = 1; n <= 5; n++)
        {
            Assert.Equal(all, offer.Now.Services);
            await Run((_, _) => Task.FromResult(ConnectorResult.Failed(failureClass, reason, "the machine")));
        }

        Assert.Equal(rests ? ["other"] : all, offer.Now.Services);
        var ran = false;
        Task<ConnectorResult> Work(IJobContext context, CancellationToken cancellation)
        {
            ran = true;
            return Task.FromResult(ConnectorResult.Completed(null));
        }

        var late = await Run(Work);
        Assert.Equal((!rests, rests ? StopReason.NotBegun : (StopReason?)null), (ran, late!.Stop));
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(all, offer.Now.Services);
        await Run(Work);
        Assert.Empty(_breakers.Views());
    }

    [Fact]
    public async Task Run_WhenAnInputIsMissing_IsAMalformedJob()
    {
        var report = await Run(async (context, cancellation) =>
        {
            await context.Files.OpenInputAsync("sha256-" + new string('0', 64), cancellation);
            return ConnectorResult.Completed(null);
        });
        Assert.Equal(("malformed", "input_missing"), (report!.Failure!.FailureClass, report.Failure.FailureReason));
    }

    [Theory]
    [InlineData(EndOrder.Stop, StopReason.Requested)]
    [InlineData(EndOrder.Drain, StopReason.Drained)]
    [InlineData(EndOrder.Stall, StopReason.Stalled)]
    [InlineData(EndOrder.Abandon, null)]
    public async Task Run_WhenItsEndIsOrdered_SaysHowItStopped_OrNothingWhereTheGrantIsGone(int order, StopReason? said)
    {
        using var attempt = new FakeConnector(Forever).Attempt();
        var running = _runner.Run(attempt);
        attempt.End((EndOrder)order);

        var report = await running;
        Assert.Equal(said, report?.Stop);
        Assert.Equal(said is null, report is null);
    }

    [Fact]
    public async Task Run_WhenTheConnectorFoundTheWorkStalled_SaysSo() =>
        Assert.Equal(StopReason.Stalled, (await Run((_, _) => Task.FromResult(ConnectorResult.Stalled("no progress for 10 min"))))!.Stop);

    [Fact]
    public async Task Run_OfWorkOutsideThisProcess_WritesItsStartFirst()
    {
        var words = -1;
        var report = await Run(
            (_, _) =>
            {
                words = _job.Words.Count;
                return Task.FromResult(ConnectorResult.Completed(null));
            },
            WorkLocation.Child);

        Assert.Equal(1, words);
        Assert.Equal(["begin"], _job.Words);
        Assert.NotNull(report!.Completion);
        Assert.Null(report.Completion.Result);
    }

    [Theory]
    [InlineData(ReportOutcome.Stale, null)]
    [InlineData(ReportOutcome.Gone, null)]
    [InlineData(ReportOutcome.StopRequested, StopReason.Requested)]
    public async Task Run_OfWorkWhoseStartIsRefused_RunsNothing(ReportOutcome outcome, StopReason? said)
    {
        _job.Answer = _ => outcome;
        var connector = new FakeConnector(Forever, WorkLocation.Child);
        using var attempt = connector.Attempt();
        var report = await _runner.Run(attempt);

        Assert.False(connector.Ran);
        Assert.Equal(said, report?.Stop);
    }

    private static async Task<ConnectorResult> Forever(IJobContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return ConnectorResult.Completed(null);
    }

    private async Task<AttemptReport?> Run(Func<IJobContext, CancellationToken, Task<ConnectorResult>> work, WorkLocation location = WorkLocation.InProcess)
    {
        using var attempt = new FakeConnector(work, location).Attempt();
        return await _runner.Run(attempt);
    }
}

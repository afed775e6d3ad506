using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Simulation;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Simulation;

public sealed class SimulationConnectorTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly SimulationOptions _options = new();
    private readonly List<string> _crashes = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("simulation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private SimulationConnector Connector => new(_options, _time, _crashes.Add);

    private Task<ConnectorResult> RunAsync(string payload) => Connector.ExecuteAsync(new FakeJobContext(payload), Cancellation);

    private async Task<FailedResult> FailAsync(string payload) => Assert.IsType<FailedResult>(await RunAsync(payload));

    [Fact]
    public void Execute_WithNothingToDo_CompletesAtOnceWithoutAllocating()
    {
        var connector = Connector;
        var context = new FakeJobContext("""{"duration_ms": 0}""");
        Assert.True(connector.ExecuteAsync(context, Cancellation).IsCompletedSuccessfully);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            _ = connector.ExecuteAsync(context, Cancellation);
        // A few bytes a job at most: the runtime itself may allocate now and then.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16_000);
    }

    [Theory]
    [InlineData("""{"a":[1,"x",null]}""")]
    [InlineData("[1,2]")]
    [InlineData("\"done\"")]
    [InlineData("4.5")]
    [InlineData("true")]
    public async Task Execute_WithAResult_ReturnsIt(string result) =>
        Assert.Equal(result, Assert.IsType<CompletedResult>(await RunAsync($$"""{"result": {{result}}}""")).Result!.ToJsonString());

    [Fact]
    public async Task Execute_WithANullResult_ReturnsNone() =>
        Assert.Null(Assert.IsType<CompletedResult>(await RunAsync("""{"result": null}""")).Result);

    [Theory]
    [InlineData("[]", "payload is a JSON object, not an array")]
    [InlineData("""{"duration": 5}""", "payload.duration is not known")]
    [InlineData("""{"duration_ms": -1}""", "payload.duration_ms is a whole number from 0 to 86400000")]
    [InlineData("""{"duration_ms": 86400001}""", "payload.duration_ms")]
    [InlineData("""{"duration_ms": "5"}""", "payload.duration_ms")]
    [InlineData("""{"duration_ms": 1.5}""", "payload.duration_ms")]
    [InlineData("""{"steps": 0}""", "payload.steps is a whole number from 1 to 10000")]
    [InlineData("""{"memory_mb": 1025}""", "payload.memory_mb is a whole number from 0 to 1024")]
    [InlineData("""{"failure": "sometimes"}""", "payload.failure is one of transient")]
    [InlineData("""{"failure": null}""", "payload.failure is one of transient")]
    [InlineData("""{"fail_attempts": 1}""", "payload.fail_attempts needs payload.failure")]
    [InlineData("""{"failure": "transient", "fail_attempts": 1001}""", "payload.fail_attempts")]
    [InlineData("""{"side_effect_file": ""}""", "payload.side_effect_file")]
    public async Task Execute_WithAWrongField_IsMalformedAndNamesIt(string payload, string message)
    {
        var failure = await FailAsync(payload);
        Assert.Equal((FailureClass.Malformed, "invalid_payload"), (failure.Class, failure.Reason));
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("transient", FailureClass.Transient)]
    [InlineData("resource_exhaustion", FailureClass.ResourceExhaustion)]
    [InlineData("malformed", FailureClass.Malformed)]
    [InlineData("refused", FailureClass.Refused)]
    [InlineData("rate_limited", FailureClass.RateLimited)]
    [InlineData("missing_here", FailureClass.MissingHere)]
    public async Task Execute_WithAFailure_FailsInItsFirstAttemptsOnly(string failure, FailureClass expected)
    {
        var first = new FakeJobContext($$"""{"failure": "{{failure}}", "fail_attempts": 2}""");
        var second = first.NextAttempt();
        foreach (var context in (FakeJobContext[])[first, second])
        {
            var failed = Assert.IsType<FailedResult>(await Connector.ExecuteAsync(context, Cancellation));
            Assert.Equal(expected, failed.Class);
            Assert.Equal(expected == FailureClass.RateLimited, failed.RetryAfter is not null);
        }
        Assert.IsType<CompletedResult>(await Connector.ExecuteAsync(second.NextAttempt(), Cancellation));
    }

    [Fact]
    public async Task Execute_WithAFailureAndNoCount_FailsInEveryAttempt()
    {
        var context = new FakeJobContext("""{"failure": "transient"}""");
        for (var i = 0; i < 20; i++, context = context.NextAttempt())
            Assert.IsType<FailedResult>(await Connector.ExecuteAsync(context, Cancellation));
    }

    [Fact]
    public async Task Execute_Crash_IsRefusedUnlessAllowed()
    {
        var failure = await FailAsync("""{"failure": "crash"}""");
        Assert.Equal((FailureClass.Refused, "crash_not_allowed"), (failure.Class, failure.Reason));
        Assert.Contains("JobGrid:Simulation:AllowCrash", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_crashes);

        _options.AllowCrash = true;
        await RunAsync("""{"failure": "crash"}""");
        Assert.Single(_crashes);
    }

    [Fact]
    public async Task Execute_WithSteps_ReportsEachAndEndsAfterTheDuration()
    {
        var context = new FakeJobContext("""{"duration_ms": 1000, "steps": 4}""");
        var run = Connector.ExecuteAsync(context, Cancellation);
        for (var step = 0; step < 4; step++)
        {
            Assert.Equal(step, context.Progress.Count);
            _time.Advance(TimeSpan.FromMilliseconds(249));
            Assert.Equal(step, context.Progress.Count);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }
        Assert.IsType<CompletedResult>(await run);
        Assert.Equal([25, 50, 75, 100], context.Progress.Select(p => p.Percent));
    }

    [Fact]
    public async Task Execute_WhenCancelled_ThrowsAndWritesNoEnd()
    {
        _options.SideEffectFolders = [_folder];
        var file = Path.Combine(_folder, "trace");
        using var cancel = new CancellationTokenSource();
        var run = Connector.ExecuteAsync(new FakeJobContext($$"""{"duration_ms": 1000, "side_effect_file": "{{file}}"}"""), cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal("START job-1 1\n", await File.ReadAllTextAsync(file, Cancellation));
    }

    [Fact]
    public async Task Execute_WithMemory_TakesIt()
    {
        _options.MaxMemoryMb = 64;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.IsType<CompletedResult>(await RunAsync("""{"memory_mb": 64}"""));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 64L << 20, long.MaxValue);
    }

    [Fact]
    public async Task SideEffectFile_OfManyJobsAtOnce_HoldsEveryLineWhole()
    {
        _options.SideEffectFolders = [_folder];
        var file = Path.Combine(_folder, "trace");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => Connector.ExecuteAsync(
            new FakeJobContext($$"""{"side_effect_file": "{{file}}"}""", jobId: $"job-{i}"), Cancellation))));

        var expected = Enumerable.Range(0, 50).SelectMany(i => (string[])[$"START job-{i} 1", $"END job-{i} 1"]);
        Assert.Equal(expected.Order(), (await File.ReadAllLinesAsync(file, Cancellation)).Order());
    }

    [Fact]
    public async Task SideEffectFile_OfAFailingAttempt_HasNoEnd()
    {
        _options.SideEffectFolders = [_folder];
        var file = Path.Combine(_folder, "trace");
        await FailAsync($$"""{"side_effect_file": "{{file}}", "failure": "transient"}""");
        Assert.Equal("START job-1 1\n", await File.ReadAllTextAsync(file, Cancellation));
    }

    [Fact]
    public async Task SideEffectFile_OutsideTheAllowedFolders_IsRefusedAndNotWritten()
    {
        var allowed = Directory.CreateDirectory(Path.Combine(_folder, "allowed")).FullName;
        var outside = Directory.CreateDirectory(Path.Combine(_folder, "allowed-not")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(allowed, "link"), outside);
        string[] files = [
            Path.Combine(outside, "trace"), Path.Combine(allowed, "..", "trace"), Path.Combine(allowed, "link", "trace"), allowed, "trace"];

        foreach (var folders in (string[][])[[], [allowed]])
        {
            _options.SideEffectFolders = folders;
            foreach (var file in files)
            {
                var failure = await FailAsync($$"""{"side_effect_file": "{{file}}"}""");
                Assert.Equal((FailureClass.Refused, "side_effect_file_not_allowed"), (failure.Class, failure.Reason));
            }
        }
        Assert.Empty(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
        _options.SideEffectFolders = [];
        Assert.Contains("JobGrid:Simulation:SideEffectFolders", (await FailAsync($$"""{"side_effect_file": "{{files[0]}}"}""")).Message, StringComparison.Ordinal);
    }
}

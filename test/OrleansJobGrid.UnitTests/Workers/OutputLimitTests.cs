using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class OutputLimitTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-limits-").FullName;
    private readonly FolderArtefactStore _artefacts;

    public OutputLimitTests() => _artefacts = FolderArtefactStore.Open(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Outputs_OfExactlyTheLimits_AreKept()
    {
        var report = await Run(("a", 10), ("b", 10), ("c", 5));
        Assert.Equal(["a", "b", "c"], report.Completion!.Outputs.Select(o => o.Name));
    }

    [Fact]
    public async Task AnOutputBeyondItsLimit_FailsTheJobForGoodByName_AndKeepsNothingOfIt()
    {
        var report = await Run(("a", 3), ("film.mp4", 11));
        Assert.Equal(("malformed", "resource_limit", "output_limit"), (report.Failure!.FailureClass, report.Failure.FailureType, report.Failure.FailureReason));
        Assert.Contains("'film.mp4' is larger than the 10 bytes", report.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("JobGrid:Artefacts:MaxOutputBytes", report.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(["a"], Directory.GetFiles(Path.Combine(_folder, "jobs"), "*", SearchOption.AllDirectories).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "tmp")));
    }

    [Fact]
    public async Task OutputsBeyondTheLimitOfAllTogether_FailTheJobByTheNameOfTheOneTooMany()
    {
        var report = await Run(("a", 10), ("b", 10), ("c", 6));
        Assert.Equal("output_limit", report.Failure!.FailureReason);
        Assert.Contains("With the output 'c' the attempt has more than the 25 bytes", report.Failure.Message, StringComparison.Ordinal);
        Assert.Null(await _artefacts.OpenReadAsync("job-1/1/c", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task WhatWasNotKept_CountsNoMore()
    {
        var report = await Run(async (context, cancellation) =>
        {
            for (var i = 0; i < 5; i++)
                await Assert.ThrowsAsync<IOException>(() => context.Files.WriteOutputAsync("a", new CutStream(), cancellation));
            return ConnectorResult.Completed(null, [await context.Files.WriteOutputAsync("a", new MemoryStream(new byte[10]), cancellation)]);
        });
        Assert.NotNull(report.Completion);
    }

    private Task<AttemptReport> Run(params (string Name, int Size)[] outputs) => Run(async (context, cancellation) =>
    {
        var kept = new List<JobOutput>();
        foreach (var (name, size) in outputs)
            kept.Add(await context.Files.WriteOutputAsync(name, new MemoryStream(new byte[size]), cancellation));
        return ConnectorResult.Completed(null, kept);
    });

    private async Task<AttemptReport> Run(Func<IJobContext, CancellationToken, Task<ConnectorResult>> work)
    {
        var (grains, _) = FakeGrains.Make();
        var runner = new AttemptRunner(
            grains, _artefacts, FakeJob.Breakers(TimeProvider.System), FakeJob.Failures, TimeProvider.System, NullLogger<AttemptRunner>.Instance, null, new() { MaxOutputBytes = 10, MaxAttemptBytes = 25 });
        using var attempt = new FakeConnector(work).Attempt();
        return (await runner.Run(attempt))!;
    }

    /// <summary>Gives nine bytes and breaks.</summary>
    private sealed class CutStream : MemoryStream
    {
        private bool _gave;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_gave)
                throw new IOException("cut");
            _gave = true;
            return ValueTask.FromResult(9);
        }
    }
}

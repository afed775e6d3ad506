using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.UnitTests.Workers;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Workers;

public sealed class WorkerDeskTests
{
    private readonly FakeWorker _worker = new();
    private readonly WorkerDesk _desk;

    public WorkerDeskTests()
    {
        var (grains, _) = FakeGrains.Make(_worker);
        _desk = new(grains, new(grains), null!, TimeProvider.System, NullLogger<WorkerDesk>.Instance);
    }

    [Fact]
    public async Task A_report_goes_by_message_only_where_the_grain_is_elsewhere()
    {
        await Report("before it came up");
        var first = _desk.Open("w");
        await Report("beside it");
        var second = _desk.Open("w");
        _desk.Close("w", first);
        await Report("beside the next one, though the first went after it came");
        _desk.Close("w", second);
        await Report("after it went");

        Assert.Equal(["before it came up", "after it went"], _worker.Reports.Select(r => r.JobId));
    }

    [Fact]
    public async Task A_claim_goes_by_message_only_where_the_grain_is_elsewhere()
    {
        await Claim();
        Assert.Single(_worker.Claims);
        var grants = _desk.Open("w");
        // Here the queue itself is asked, which is one that cannot answer.
        await Assert.ThrowsAsync<NotSupportedException>(Claim);
        Assert.Single(_worker.Claims);
        _desk.Close("w", grants);
        await Claim();
        Assert.Equal(2, _worker.Claims.Count);
    }

    private Task<ClaimAnswer> Claim() =>
        _desk.Claim("default", new() { ClaimId = Guid.NewGuid(), WorkerId = "w", SessionId = "s", Services = ["fake"], Wait = TimeSpan.FromSeconds(1) });

    /// <summary>Here the job itself is asked, which is one that cannot answer.</summary>
    private async Task Report(string jobId)
    {
        var sent = _worker.Reports.Count;
        var answers = await _desk.Report("w", [new() { JobId = jobId, Token = new(1, default), Stop = StopReason.NotBegun }], null, null);
        Assert.Equal(sent == _worker.Reports.Count, Assert.Single(answers.Reports).Fault is not null);
    }
}

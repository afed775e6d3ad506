using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class ReportBatchesTests
{
    private readonly FakeWorker _worker = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<(int Reports, int? Claimed)> _calls = [];
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ReportBatches _batches;
    private Func<AttemptReport, string?> _fault = _ => null;

    public ReportBatchesTests()
    {
        _worker.OnReport = async (reports, claim) =>
        {
            _calls.Enqueue((reports.Count, claim?.Max));
            if (reports[0].JobId == "first")
                await _first.Task;
            return new(
                [.. reports.Select(r => new AttemptAnswer(ReportOutcome.Accepted, _fault(r)))],
                [.. Enumerable.Range(0, claim?.Max ?? 0).Select(n => Grant($"next-{n}"))]);
        };
        _batches = new(new RemoteLink(FakeGrains.Make(_worker).Item1), "w", most => ("default", ClaimOf(most)), _time);
    }

    [Fact]
    public async Task What_ends_while_a_call_is_away_travels_together_with_one_claim()
    {
        var first = _batches.Send(Report("first"), () => true);
        await CalledAsync(1);
        var others = Enumerable.Range(0, 5).Select(n => _batches.Send(Report($"job-{n}"), () => n != 4)).ToList();

        _first.SetResult();
        var answers = await Task.WhenAll(others);

        Assert.NotNull((await first).Next);
        Assert.Equal([(1, 1), (5, 4)], _calls);
        Assert.Equal(["next-0", "next-1", "next-2", "next-3"], answers.Take(4).Select(a => a.Next!.JobId));
        Assert.Null(answers[4].Next);
    }

    [Fact]
    public async Task A_job_that_does_not_answer_holds_up_none_that_end_after_it()
    {
        var first = _batches.Send(Report("first"), () => false);
        await CalledAsync(1);
        var second = _batches.Send(Report("second"), () => false);
        while (!second.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(5));
            await Task.Yield();
        }

        Assert.False(first.IsCompleted);
        Assert.Equal(2, _calls.Count);
        _first.SetResult();
        await first;
    }

    [Fact]
    public async Task A_report_that_failed_fails_alone_and_the_job_claimed_in_its_place_goes_back()
    {
        _fault = r => r.JobId == "job-1" ? "StoreUnavailableException: away" : null;
        var first = _batches.Send(Report("first"), () => false);
        await CalledAsync(1);
        var others = Enumerable.Range(0, 3).Select(n => _batches.Send(Report($"job-{n}"), () => true)).ToList();

        _first.SetResult();
        await Task.WhenAll(first, others[0], others[2]);

        Assert.Contains("away", (await Assert.ThrowsAsync<InvalidOperationException>(() => others[1])).Message, StringComparison.Ordinal);
        await CalledAsync(3);
        var back = Assert.Single(_worker.Reports, r => r.Stop == StopReason.NotBegun);
        Assert.Equal("next-2", back.JobId);
    }

    [Fact]
    public async Task A_call_that_fails_fails_for_all_in_it()
    {
        _worker.OnReport = (_, _) => throw new TimeoutException("no silo");

        await Assert.ThrowsAsync<TimeoutException>(() => _batches.Send(Report("a"), () => true));
        await Assert.ThrowsAsync<TimeoutException>(() => _batches.Send(Report("b"), () => true));
    }

    private async Task CalledAsync(int calls)
    {
        while (_calls.Count < calls)
            await Task.Yield();
    }

    private static AttemptReport Report(string jobId) => new() { JobId = jobId, Token = new(1, default), Completion = new() };

    private static ClaimRequest ClaimOf(int most) => new() { ClaimId = Guid.NewGuid(), WorkerId = "w", SessionId = "s", Services = ["simulation"], Max = most };

    private static JobGrant Grant(string jobId) => new() { JobId = jobId, Service = "simulation", Token = new(1, default), Attempt = 1, Payload = Array.Empty<byte>() };
}

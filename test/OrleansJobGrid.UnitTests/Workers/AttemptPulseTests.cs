using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>The clock is the test's; a second attempt that has progress at each beat tells that the beat was made.</summary>
public sealed class AttemptPulseTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly HeldAttempts _attempts = new();
    private readonly CancellationTokenSource _over = new();
    private readonly FakeJob _job;
    private readonly FakeJob _metronome;
    private readonly Attempt _beating;
    private readonly IGrainFactory _grains;
    private readonly Task _pulse;
    private int _beats;

    public AttemptPulseTests()
    {
        (_grains, var job) = FakeGrains.Make();
        (_job, _metronome) = (job("job-1"), job("metronome"));
        _beating = new FakeConnector(location: WorkLocation.Child).Attempt("metronome");
        _attempts.Add(_beating);
        var runner = new AttemptRunner(_grains, null!, FakeJob.Breakers(_time), FakeJob.Failures, _time, NullLogger<AttemptRunner>.Instance);
        _pulse = new AttemptPulse(_grains, runner, new(AttemptPulse.Period, _time), _time, NullLogger<AttemptPulse>.Instance).Run(_attempts, _over.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _pulse;
        _over.Dispose();
        _beating.Dispose();
    }

    [Fact]
    public async Task The_start_of_work_in_this_process_is_written_once_after_a_second()
    {
        using var attempt = Begin();
        await Beat(4);
        Assert.DoesNotContain("begin", _job.Words);
        await Beat(10);

        Assert.Equal(["begin"], _job.Words);
        Assert.True(attempt.Begun);
        Assert.DoesNotContain("begin", _metronome.Words);
    }

    [Fact]
    public async Task Progress_is_said_once_a_beat_and_only_the_latest()
    {
        using var attempt = Begin();
        attempt.Progressed(10, "ten");
        attempt.Progressed(20, "twenty");
        await Beat(2);
        attempt.Progressed(30, null);
        await Beat(2);

        Assert.Equal(["progress 20 twenty", "progress 30"], _job.Words.Where(w => w != "begin"));
    }

    [Fact]
    public async Task Nothing_is_said_any_more_of_work_that_is_over_while_its_end_is_still_to_be_reported()
    {
        using var attempt = Begin();
        attempt.Progressed(99, "nearly");
        attempt.Checkpointed([1]);
        _attempts.Release(attempt);
        await Beat(7);

        Assert.Empty(_job.Words);
        Assert.Contains(attempt, _attempts.All);
    }

    [Fact]
    public async Task An_unfinished_picture_is_shown_where_somebody_watches_once_a_second_at_most_and_only_the_latest()
    {
        using var attempt = Begin();
        attempt.Showed(new(new byte[1], "image/png"));
        await Beat(2);
        Assert.DoesNotContain(_job.Words, w => w.StartsWith("preview", StringComparison.Ordinal));
        Assert.False(attempt.PreviewsWanted);

        _job.PreviewsWanted = true;
        attempt.Showed(new(new byte[2], "image/png"));
        await Beat(2);
        Assert.True(attempt.PreviewsWanted);
        attempt.Showed(new(new byte[3], "image/png"));
        attempt.Showed(new(new byte[4], "image/jpeg"));
        await Beat(2);
        Assert.Equal(["preview image/png 2"], _job.Words.Where(w => w.StartsWith("preview", StringComparison.Ordinal)));
        await Beat(5);
        Assert.Equal(["preview image/png 2", "preview image/jpeg 4"], _job.Words.Where(w => w.StartsWith("preview", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Checkpoints_are_written_once_a_second_at_most_and_only_the_latest()
    {
        using var attempt = Begin();
        for (byte i = 1; i <= 12; i++)
        {
            attempt.Checkpointed([i]);
            await Beat(1);
        }

        await Beat(6);
        var written = _job.Words.Where(w => w.StartsWith("checkpoint", StringComparison.Ordinal)).ToList();
        Assert.Equal("checkpoint 12", written[^1]);
        Assert.InRange(written.Count, 3, 4);
    }

    [Fact]
    public async Task A_checkpoint_that_could_not_be_written_is_written_a_second_later()
    {
        using var attempt = Begin();
        var broken = true;
        _job.Answer = word => broken && word.StartsWith("checkpoint", StringComparison.Ordinal)
            ? throw new TimeoutException("the grid does not answer")
            : ReportOutcome.Accepted;
        attempt.Checkpointed([1]);
        await Beat(2);
        broken = false;
        await Beat(6);

        Assert.Equal(["checkpoint 1", "checkpoint 1"], _job.Words.Where(w => w != "begin"));
    }

    [Theory]
    [InlineData(ReportOutcome.Stale, EndOrder.Abandon)]
    [InlineData(ReportOutcome.StopRequested, EndOrder.Stop)]
    [InlineData(ReportOutcome.LeaveIt, EndOrder.LetGo)]
    public async Task What_the_grid_says_to_progress_is_obeyed_and_nothing_more_is_said(int outcome, int order)
    {
        using var attempt = Begin();
        _job.Answer = _ => (ReportOutcome)outcome;
        attempt.Progressed(10, null);
        await Beat(2);
        attempt.Progressed(50, null);
        attempt.Checkpointed([1]);
        await Beat(7);

        Assert.Equal((EndOrder)order, attempt.Order);
        Assert.Equal(["progress 10"], _job.Words);
    }

    [Fact]
    public async Task An_attempt_that_says_nothing_new_for_its_longest_time_is_ended()
    {
        using var attempt = Begin(new FakeConnector().Attempt("job-1", _time.GetTimestamp(), stallMs: 1_000));
        for (var i = 0; i < 8; i++)
        {
            attempt.Progressed(10 * i, null);
            await Beat(1);
        }

        Assert.Equal(EndOrder.None, attempt.Order);
        for (var i = 0; i < 8; i++)
        {
            attempt.Progressed(70, null);
            await Beat(1);
        }

        Assert.Equal(EndOrder.Stall, attempt.Order);
        Assert.True(attempt.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task The_services_own_limit_holds_where_the_grant_names_none()
    {
        using var attempt = Begin(new FakeExternalConnector { DefaultStallTimeout = TimeSpan.FromSeconds(1) }.Attempt(receivedAt: _time.GetTimestamp()));
        await Beat(8);
        Assert.Equal(EndOrder.Stall, attempt.Order);
    }

    private Attempt Begin(Attempt? special = null)
    {
        var attempt = special ?? new FakeConnector().Attempt("job-1", _time.GetTimestamp());
        _attempts.Add(attempt);
        return attempt;
    }

    /// <summary>All but the last of these beats are over when it returns.</summary>
    private async Task Beat(int times)
    {
        for (var i = 0; i < times; i++)
        {
            var expected = $"progress {++_beats}";
            _beating.Progressed(_beats, null);
            _time.Advance(TimeSpan.FromMilliseconds(200));
            await Eventually.Holds(() => _metronome.Words.Contains(expected), $"beat {_beats}");
        }
    }
}

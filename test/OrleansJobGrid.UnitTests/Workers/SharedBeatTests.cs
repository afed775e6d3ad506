using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>The clock is the test's.</summary>
public sealed class SharedBeatTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly FakeTimeProvider _time = new();
    private readonly SharedBeat _beat;

    public SharedBeatTests() => _beat = new(Period, _time);

    [Fact]
    public async Task All_are_called_at_each_beat_until_they_leave()
    {
        using var firstIsOver = new CancellationTokenSource();
        using var secondIsOver = new CancellationTokenSource();
        var (first, second) = (0, 0);
        var lives = new[] { _beat.Run(Counting(() => first++), firstIsOver.Token), _beat.Run(Counting(() => second++), secondIsOver.Token) };
        Beat(2);
        await firstIsOver.CancelAsync();
        await lives[0];
        Beat(3);
        await secondIsOver.CancelAsync();
        await lives[1];
        Beat(1);

        Assert.Equal((2, 5), (first, second));
    }

    [Fact]
    public async Task It_goes_on_for_those_who_come_after_all_had_left()
    {
        for (var i = 0; i < 2; i++)
        {
            using var over = new CancellationTokenSource();
            var beats = 0;
            var life = _beat.Run(Counting(() => beats++), over.Token);
            Beat(3);
            await over.CancelAsync();
            await life;
            Assert.Equal(3, beats);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Beats_during_a_call_are_one_that_follows_it_and_hold_up_nobody_else()
    {
        using var over = new CancellationTokenSource();
        var calls = new List<TaskCompletionSource>();
        var others = 0;
        var lives = new[]
        {
            _beat.Run(
                () =>
                {
                    calls.Add(new());
                    return calls[^1].Task;
                },
                over.Token),
            _beat.Run(Counting(() => others++), over.Token),
        };
        Beat(4);
        Assert.Equal((1, 4), (calls.Count, others));
        calls[0].SetResult();
        Assert.Equal(2, calls.Count);
        calls[1].SetResult();
        Assert.Equal(2, calls.Count);
        Beat(1);
        Assert.Equal((3, 5), (calls.Count, others));

        Beat(1);
        await over.CancelAsync();
        Assert.False(lives[0].IsCompleted);
        calls[2].SetResult();
        await Task.WhenAll(lives).WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, calls.Count);
    }

    private static Func<Task> Counting(Action count) => () =>
    {
        count();
        return Task.CompletedTask;
    };

    private void Beat(int times)
    {
        for (var i = 0; i < times; i++)
            _time.Advance(Period);
    }
}

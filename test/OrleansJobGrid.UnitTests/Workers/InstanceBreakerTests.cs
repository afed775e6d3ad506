using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Workers.Breakers;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class InstanceBreakerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _changes = [];
    private readonly object _attempt = new();
    private readonly InstanceBreaker _breaker;

    public InstanceBreakerTests() =>
        _breaker = new(5, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60), _time, (state, reason) => _changes.Add($"{state} {reason}".TrimEnd()));

    [Fact]
    public void Five_failures_within_the_window_open_it_whatever_went_well_between()
    {
        Fail(4);
        _breaker.Succeeded(_attempt);
        Assert.True(_breaker.LetsThrough);
        _breaker.Failed(_attempt, "connection refused");

        Assert.Equal(BreakerState.Open, _breaker.State);
        Assert.False(_breaker.LetsThrough);
        Assert.False(_breaker.TryEnter(_attempt));
        Assert.Equal(["Open connection refused"], _changes);
        Assert.Equal((BreakerState.Open, "connection refused", _time.GetUtcNow().ToUnixTimeMilliseconds()), _breaker.View);
    }

    [Fact]
    public void Failures_of_longer_ago_than_the_window_do_not_count()
    {
        for (var i = 0; i < 20; i++)
        {
            _breaker.Failed(_attempt, "timeout");
            _time.Advance(TimeSpan.FromSeconds(20));
        }

        Assert.Equal(BreakerState.Closed, _breaker.State);
    }

    [Fact]
    public void After_the_pause_one_attempt_is_let_through_and_its_success_closes_it()
    {
        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(_breaker.TryEnter(_attempt));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((BreakerState.HalfOpen, true), (_breaker.State, _breaker.LetsThrough));
        Assert.True(_breaker.TryEnter(_attempt));
        Assert.True(_breaker.TryEnter(_attempt));
        Assert.False(_breaker.TryEnter(new object()));
        Assert.False(_breaker.LetsThrough);
        _breaker.Succeeded(new object());
        Assert.Equal(BreakerState.HalfOpen, _breaker.State);

        _breaker.Succeeded(_attempt);
        Assert.Equal(BreakerState.Closed, _breaker.State);
        Assert.True(_breaker.TryEnter(new object()));
        Assert.Equal(["Open no answer", "HalfOpen no answer", "Closed"], _changes);
        Fail(4);
        Assert.Equal(BreakerState.Closed, _breaker.State);
    }

    [Fact]
    public void A_failure_of_the_attempt_let_through_opens_it_again_and_those_of_older_attempts_do_not_count()
    {
        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(60));
        Fail(3, new object());
        Assert.True(_breaker.TryEnter(_attempt));
        _breaker.Failed(new object(), "an old one");
        Assert.Equal(BreakerState.HalfOpen, _breaker.State);
        _breaker.Failed(_attempt, "503");

        Assert.Equal((BreakerState.Open, "503"), (_breaker.View.State, _breaker.View.Reason));
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(_breaker.TryEnter(new object()));
    }

    [Fact]
    public void An_attempt_let_through_that_found_nothing_out_makes_room_for_the_next()
    {
        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(_breaker.TryEnter(_attempt));
        _breaker.Left(new object());
        Assert.False(_breaker.LetsThrough);
        _breaker.Left(_attempt);

        Assert.True(_breaker.TryEnter(new object()));
    }

    private void Fail(int times, object? attempt = null)
    {
        for (var i = 0; i < times; i++)
            _breaker.Failed(attempt ?? _attempt, "no answer");
    }
}

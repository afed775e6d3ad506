using Polly;
using Polly.CircuitBreaker;

namespace OrleansJobGrid.Workers.Breakers;

/// <summary>
/// The circuit breaker of one service instance, on Polly's. It is fed with what attempts found: failures alone while it is closed, so that
/// so many failures within the window open it whatever went well between them; when half open, the finding of the one attempt let through.
/// </summary>
internal sealed class InstanceBreaker
{
    private readonly Lock _lock = new();
    private readonly CircuitBreakerStateProvider _circuitState = new();
    private readonly ResiliencePipeline<Finding> _circuit;
    private readonly TimeProvider _time;
    private readonly TimeSpan _pause;
    private readonly Action<BreakerState, string> _changed;
    private object? _prober;
    private long _openedAt;
    private string _reason = "";
    private long _since;

    /// <param name="failures">So many open it, from 2.</param>
    /// <param name="window">Within so long.</param>
    /// <param name="pause">How long it stays open.</param>
    /// <param name="time">The clock of window and pause.</param>
    /// <param name="changed">Told of each change, with the failure behind it; it must not call back.</param>
    public InstanceBreaker(int failures, TimeSpan window, TimeSpan pause, TimeProvider time, Action<BreakerState, string> changed)
    {
        (_time, _pause, _changed) = (time, pause, changed);
        _circuit = new ResiliencePipelineBuilder<Finding> { TimeProvider = time }
            .AddCircuitBreaker(new()
            {
                FailureRatio = 1,
                MinimumThroughput = failures,
                SamplingDuration = window,
                BreakDuration = pause,
                StateProvider = _circuitState,
                ShouldHandle = a => ValueTask.FromResult(a.Outcome.Result is { Good: false }),
            })
            .Build();
    }

    public BreakerState State
    {
        get
        {
            lock (_lock)
                return StateNow;
        }
    }

    /// <summary>How a heartbeat tells of it: the state, the failure that opened it last, and when that was, Unix ms.</summary>
    public (BreakerState State, string Reason, long Since) View
    {
        get
        {
            lock (_lock)
                return (StateNow, _reason, _since);
        }
    }

    /// <summary>Whether an attempt would be let through now.</summary>
    public bool LetsThrough
    {
        get
        {
            lock (_lock)
                return StateNow == BreakerState.Closed || (StateNow == BreakerState.HalfOpen && _prober is null);
        }
    }

    // Polly leaves the open state with the first call after the pause; for those who ask it is half open from then on.
    private BreakerState StateNow =>
        _circuitState.CircuitState == CircuitState.Closed ? BreakerState.Closed
        : _time.GetElapsedTime(_openedAt) < _pause ? BreakerState.Open
        : BreakerState.HalfOpen;

    /// <summary>Lets an attempt through, or not; when half open only one, until it found something out or left.</summary>
    public bool TryEnter(object attempt)
    {
        lock (_lock)
        {
            if (StateNow == BreakerState.Closed || ReferenceEquals(_prober, attempt))
                return true;
            if (StateNow == BreakerState.Open || _prober is not null)
                return false;
            _prober = attempt;
            _changed(BreakerState.HalfOpen, _reason);
            return true;
        }
    }

    /// <summary>The instance answered an attempt as a healthy one does.</summary>
    public void Succeeded(object attempt)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_prober, attempt))
                Feed(new(true, ""));
        }
    }

    /// <summary>An attempt failed at the instance for a reason that may lie with the instance.</summary>
    public void Failed(object attempt, string reason)
    {
        lock (_lock)
        {
            // Attempts from before it opened say nothing new.
            if (StateNow == BreakerState.Closed || ReferenceEquals(_prober, attempt))
                Feed(new(false, reason));
        }
    }

    /// <summary>An attempt ended: where it was the one let through and found nothing out, the next one may.</summary>
    public void Left(object attempt)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_prober, attempt))
                _prober = null;
        }
    }

    private void Feed(Finding finding)
    {
        var before = _circuitState.CircuitState;
        _prober = null;
        _circuit.Execute(static f => f, finding);
        if (_circuitState.CircuitState == CircuitState.Open)
        {
            (_openedAt, _reason, _since) = (_time.GetTimestamp(), finding.Reason, _time.GetUtcNow().ToUnixTimeMilliseconds());
            _changed(BreakerState.Open, _reason);
        }
        else if (before != CircuitState.Closed)
        {
            _changed(BreakerState.Closed, "");
        }
    }

    private sealed record Finding(bool Good, string Reason);
}

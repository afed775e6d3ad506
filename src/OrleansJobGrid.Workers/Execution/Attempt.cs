using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Why an attempt was told to end.</summary>
internal enum EndOrder
{
    None,

    /// <summary>The grid asks for it: cancelled, timed out.</summary>
    Stop,

    /// <summary>The grant is not the job's any more: nothing is to be reported.</summary>
    Abandon,

    /// <summary>The worker leaves.</summary>
    Drain,

    /// <summary>It has ended by itself.</summary>
    Over,
}

/// <summary>A grant that this worker holds, from its arrival until its end was reported.</summary>
internal sealed class Attempt(JobGrant grant, IConnector connector, long receivedAt) : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private byte[]? _checkpoint;
    private double _percent;
    private string? _message;
    private bool _progressNew;

    public JobGrant Grant { get; } = grant;

    public IConnector Connector { get; } = connector;

    /// <summary>Timestamp of its arrival.</summary>
    public long ReceivedAt { get; } = receivedAt;

    /// <summary>Whether its start was written.</summary>
    public bool Begun { get; set; }

    /// <summary>Timestamp of the last checkpoint written.</summary>
    public long CheckpointAt { get; set; }

    public EndOrder Order { get; private set; }

    /// <summary>Cancelled by the first order.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>Orders the end; the first order stands.</summary>
    public void End(EndOrder order)
    {
        lock (_lock)
        {
            if (Order != EndOrder.None)
                return;
            Order = order;
        }

        _end.Cancel();
    }

    /// <summary>Obeys what the grid said to a report.</summary>
    public void Obey(ReportOutcome outcome)
    {
        if (outcome == ReportOutcome.StopRequested)
            End(EndOrder.Stop);
        else if (outcome is ReportOutcome.Stale or ReportOutcome.Gone)
            End(EndOrder.Abandon);
    }

    public void Progressed(double percent, string? message)
    {
        lock (_lock)
        {
            // Also where it is no number.
            if (!(percent >= _percent))
                return;
            (_percent, _message, _progressNew) = (Math.Min(percent, 100), message, true);
        }
    }

    public void Checkpointed(byte[] state)
    {
        lock (_lock)
            _checkpoint = state;
    }

    /// <summary>Puts back a checkpoint that could not be written, unless a later one came.</summary>
    public void CheckpointAgain(byte[] state)
    {
        lock (_lock)
            _checkpoint ??= state;
    }

    /// <summary>Progress not yet sent.</summary>
    public (double Percent, string? Message)? TakeProgress()
    {
        lock (_lock)
        {
            if (!_progressNew)
                return null;
            _progressNew = false;
            return (_percent, _message);
        }
    }

    /// <summary>A checkpoint not yet written.</summary>
    public byte[]? TakeCheckpoint()
    {
        lock (_lock)
        {
            var state = _checkpoint;
            _checkpoint = null;
            return state;
        }
    }

    /// <summary>
    /// No order reaches it any more. An order may be on its way at this moment, so its source is left to the collector: without a
    /// timer, a link and a handle it holds nothing.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (Order == EndOrder.None)
                Order = EndOrder.Over;
        }
    }
}

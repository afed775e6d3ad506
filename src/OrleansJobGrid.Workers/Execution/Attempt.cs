using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>A grant that this worker holds, from its arrival until its end was reported.</summary>
/// <param name="grant">The grant.</param>
/// <param name="connector">The connector of its service.</param>
/// <param name="receivedAt">Timestamp of its arrival.</param>
/// <param name="lease">The lease of its session; null: none that ends.</param>
internal sealed class Attempt(JobGrant grant, IConnector connector, long receivedAt, SessionLease? lease = null) : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private byte[]? _checkpoint;
    private double _percent;
    private string? _message;
    private bool _progressNew;
    private bool _progressSince;
    private JobPreview? _preview;

    public JobGrant Grant { get; } = grant;

    public IConnector Connector { get; } = connector;

    /// <summary>Timestamp of its arrival.</summary>
    public long ReceivedAt { get; } = receivedAt;

    public SessionLease? Lease { get; } = lease;

    /// <summary>The worker's machine, by the name that its session has.</summary>
    public string Node { get; init; } = Environment.MachineName;

    /// <summary>The worker that runs it.</summary>
    public string? Worker { get; init; }

    /// <summary>Uuid of the GPU that it runs on; null: a CPU worker.</summary>
    public string? Gpu { get; init; }

    /// <summary>GPU memory that was free for it when it came, MB; null: not known.</summary>
    public long? GpuMemoryGivenMb { get; set; }

    /// <summary>The most GPU memory that its connector says it took, MB; null: it does not say.</summary>
    public long? PeakGpuMemoryMb { get; private set; }

    /// <summary>Whether its start was written, or its first submission, which is the start of work outside.</summary>
    public bool Begun { get; set; } = grant.Adopts is not null;

    /// <summary>The instance outside that it works with; null: none yet.</summary>
    public string? Instance { get; set; }

    /// <summary>Whether it kept scratch pieces.</summary>
    public bool KeptScratch { get; set; }

    /// <summary>Timestamp of its start or its last progress, as the pulse saw it.</summary>
    public long MovedAt { get; set; } = receivedAt;

    /// <summary>Timestamp of the last checkpoint written.</summary>
    public long CheckpointAt { get; set; }

    /// <summary>Whether somebody watched its unfinished pictures when its progress was reported last.</summary>
    public bool PreviewsWanted { get; set; }

    /// <summary>Timestamp of the last unfinished picture that was shown.</summary>
    public long PreviewAt { get; set; }

    public EndOrder Order { get; private set; }

    /// <summary>Whether its order leaves what runs outside alone.</summary>
    public bool LeaveRunning => Order is EndOrder.LetGo or EndOrder.Drain or EndOrder.NoLease;

    /// <summary>Whether its work is over, while its end is still to be reported.</summary>
    public bool WorkIsOver { get; set; }

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
        else if (outcome == ReportOutcome.LeaveIt)
            End(EndOrder.LetGo);
    }

    public void Progressed(double percent, string? message)
    {
        lock (_lock)
        {
            // Also where it is no number.
            if (!(percent >= _percent))
                return;
            var now = Math.Min(percent, 100);
            // The same word again is no progress: a service that hangs may well be polled for ever.
            _progressSince |= now != _percent || message != _message;
            (_percent, _message, _progressNew) = (now, message, true);
        }
    }

    public void Showed(JobPreview preview)
    {
        lock (_lock)
        {
            // The answer to the progress says whether it is wanted.
            (_preview, _progressNew) = (preview, true);
        }
    }

    public void TookGpuMemory(long peakMb)
    {
        lock (_lock)
            PeakGpuMemoryMb = Math.Max(PeakGpuMemoryMb ?? 0, peakMb);
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

    /// <summary>The latest unfinished picture, if it was not shown yet.</summary>
    public JobPreview? TakePreview()
    {
        lock (_lock)
        {
            var preview = _preview;
            _preview = null;
            return preview;
        }
    }

    /// <summary>Whether it moved on since the last call.</summary>
    public bool TakeMove()
    {
        lock (_lock)
        {
            var moved = _progressSince;
            _progressSince = false;
            return moved;
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

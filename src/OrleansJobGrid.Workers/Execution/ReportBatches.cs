using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// Gathers the ends of attempts that come at one moment into a call, which claims as many jobs as have ended in them. A call leaves when the one
/// before is back, or has been away for 5 ms: a job that does not answer holds up those beside it, and none after them.
/// </summary>
/// <param name="link">The way.</param>
/// <param name="workerId">The worker.</param>
/// <param name="claimOf">A claim of at most so many jobs that does not wait, and its queue; null: there is nothing to claim for.</param>
/// <param name="time">The clock.</param>
internal sealed class ReportBatches(IWorkerLink link, string workerId, Func<int, (string Queue, ClaimRequest Claim)?> claimOf, TimeProvider time)
{
    private const int Most = 64;
    private static readonly TimeSpan Overtake = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _pending = [];
    private bool _waking;
    private bool _away;
    private long _call;
    private long _leftAt;

    /// <summary>Reports, and claims a job in its place where <paramref name="claims"/> says so when the call leaves; throws where it is to be reported again.</summary>
    /// <returns>What became of it, and the job that came in its place, if any.</returns>
    public Task<(ReportOutcome Outcome, JobGrant? Next)> Send(AttemptReport report, Func<bool> claims)
    {
        var waiting = new Waiting(report, claims);
        lock (_lock)
            _pending.Enqueue(waiting);
        Leave();
        return waiting.Task;
    }

    private async Task LeaveAfter(TimeSpan rest)
    {
        // Whole milliseconds, never none: the caller holds the lock. Mostly the call comes back before.
        await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(rest.TotalMilliseconds))), time);
        lock (_lock)
            _waking = false;
        Leave();
    }

    private void Leave()
    {
        List<Waiting> batch;
        long call;
        lock (_lock)
        {
            if (!LeavesNow())
                return;
            batch = new(Math.Min(Most, _pending.Count));
            while (batch.Count < Most && _pending.TryDequeue(out var next))
                batch.Add(next);
            (_away, call, _leftAt) = (true, ++_call, time.GetTimestamp());
            // What found no room in it.
            LeavesNow();
        }

        _ = Go(batch, call);
    }

    /// <summary>Called with the lock: whether what is pending may leave, or else does when the call that is away has been so for long enough.</summary>
    private bool LeavesNow()
    {
        if (_pending.Count == 0)
            return false;
        var rest = _away ? Overtake - time.GetElapsedTime(_leftAt) : TimeSpan.Zero;
        if (rest <= TimeSpan.Zero)
            return true;
        if (!_waking)
        {
            _waking = true;
            _ = LeaveAfter(rest);
        }

        return false;
    }

    private async Task Go(List<Waiting> batch, long call)
    {
        await Send(batch);
        lock (_lock)
        {
            // One that was overtaken is waited for by nobody.
            if (call != _call)
                return;
            _away = false;
        }

        Leave();
    }

    private async Task Send(List<Waiting> batch)
    {
        try
        {
            var claiming = batch.FindAll(w => w.Claims());
            var claim = claiming.Count > 0 ? claimOf(claiming.Count) : null;
            var answers = await link.Report(workerId, [.. batch.Select(w => w.Report)], claim?.Queue, claim?.Claim);
            var grants = new Queue<JobGrant>(answers.Grants);
            for (var i = 0; i < batch.Count; i++)
            {
                var (waiting, answer) = (batch[i], answers.Reports[i]);
                if (answer.Fault is { } fault)
                    waiting.SetException(new InvalidOperationException(fault));
                else
                    waiting.SetResult((answer.Outcome, claiming.Contains(waiting) && grants.TryDequeue(out var grant) ? grant : null));
            }

            // Whose report failed stays with it.
            if (grants.Count > 0)
                await link.Report(workerId, [.. grants.Select(g => new AttemptReport { JobId = g.JobId, Token = g.Token, Stop = StopReason.NotBegun })], null, null);
        }
        catch (Exception e)
        {
            // It belongs to those who wait.
            foreach (var waiting in batch)
                waiting.TrySetException(e);
        }
    }

    private sealed class Waiting(AttemptReport report, Func<bool> claims)
        : TaskCompletionSource<(ReportOutcome, JobGrant?)>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public AttemptReport Report => report;

        public Func<bool> Claims => claims;
    }
}

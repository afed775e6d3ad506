using System.Collections.Immutable;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// One timer for all who look at every beat whether there is something to do: a timer of its own, and the wake-up of its loop, cost each of a
/// thousand workers more than the look.
/// </summary>
/// <param name="period">From beat to beat.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedBeat(TimeSpan period, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ImmutableArray<Member> _members = [];
    private ITimer? _timer;

    /// <summary>Calls at every beat until it is over, and waits for the last call's end. Beats that come during a call are one, which follows it.</summary>
    public async Task Run(Func<Task> onBeat, CancellationToken over)
    {
        var member = new Member(onBeat, over);
        Join(member);
        await Task.WhenAny(Task.Delay(Timeout.InfiniteTimeSpan, time, over));
        Leave(member);
        await member.LastCall;
    }

    private void Join(Member member)
    {
        lock (_lock)
        {
            _members = _members.Add(member);
            _timer ??= time.CreateTimer(_ => Beat(), null, period, period);
        }
    }

    private void Leave(Member member)
    {
        lock (_lock)
        {
            _members = _members.Remove(member);
            if (_members.Length > 0)
                return;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Beat()
    {
        ImmutableArray<Member> members;
        lock (_lock)
            members = _members;
        foreach (var member in members)
            member.Beat();
    }

    private sealed class Member(Func<Task> onBeat, CancellationToken over)
    {
        private readonly Lock _lock = new();
        private Task _call = Task.CompletedTask;
        private bool _going;
        private bool _due;

        /// <summary>None begins after it, once it is over.</summary>
        public Task LastCall
        {
            get
            {
                lock (_lock)
                    return _call;
            }
        }

        public void Beat()
        {
            lock (_lock)
            {
                if (over.IsCancellationRequested)
                    return;
                _due = true;
                if (_going)
                    return;
                _going = true;
                _call = Go();
            }
        }

        private async Task Go()
        {
            while (IsDue())
                await onBeat();
        }

        private bool IsDue()
        {
            lock (_lock)
            {
                _going = _due && !over.IsCancellationRequested;
                _due = false;
                return _going;
            }
        }
    }
}

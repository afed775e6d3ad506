using Microsoft.Extensions.Hosting;

namespace OrleansJobGrid.Grains.Time;

/// <summary>
/// How long calls wait in grains. The directory's entries that a silo held go when it leaves, and the activations elsewhere that they
/// stand for leave too: but not before their open calls end, and whatever comes to them meanwhile, heartbeats and hints and the ticks of
/// their timers, stands behind those. So waits end when a silo leaves, and are short for a while after.
/// </summary>
internal sealed class LongPolls(IClusterMembershipService membership, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Unrest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(250);

    private volatile TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _restlessUntil = time.GetTimestamp();

    /// <summary>Waits for <paramref name="awaited"/>, at most this long, and less when a silo leaves or just left.</summary>
    public async Task Wait(Task awaited, TimeSpan wait)
    {
        // Taken first: a silo that leaves from here on ends this wait.
        var left = _left.Task;
        if (wait > Short && time.GetTimestamp() < Volatile.Read(ref _restlessUntil))
            wait = Short;
        if (wait <= TimeSpan.Zero)
            return;
        using var over = new CancellationTokenSource();
        await Task.WhenAny(awaited, left, Task.Delay(wait, time, over.Token));
        await over.CancelAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var before = membership.CurrentSnapshot;
        try
        {
            await foreach (var now in membership.MembershipUpdates.WithCancellation(stoppingToken))
            {
                if (now.Members.Values.Any(m => m.Status > SiloStatus.Active && before.Members.TryGetValue(m.SiloAddress, out var old) && old.Status != m.Status))
                    EndAll();
                before = now;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private void EndAll()
    {
        Volatile.Write(ref _restlessUntil, time.GetTimestamp() + (long)(Unrest.TotalSeconds * time.TimestampFrequency));
        var left = _left;
        _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        left.SetResult();
    }
}

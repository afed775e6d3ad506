using Microsoft.Extensions.Options;
using Orleans.Timers;
using OrleansJobGrid.Grains.Hosting;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// Registers jobs' reminders under a budget of this silo, since every silo reads the whole table of reminders at each change of
/// the ring: beyond the budget the wheel alone keeps the time. A reminder's share is free again at its due time, whichever silo
/// unregisters it.
/// </summary>
internal sealed class BackoffReminders(IReminderRegistry registry, TimeProvider time, IOptions<JobGridOptions> options)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<long, long> _due = new();

    public async Task Register(IGrainBase grain, string name, TimeSpan due, TimeSpan period)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            while (_due.TryPeek(out var first, out _) && first <= now)
                _due.Dequeue();
            if (_due.Count >= options.Value.ReminderBudget)
                return;
            var at = now + (long)(due.TotalSeconds * time.TimestampFrequency);
            _due.Enqueue(at, at);
        }

        await registry.RegisterOrUpdateReminder(grain.GrainContext.GrainId, name, due, period);
    }

    public async Task Unregister(IGrainBase grain, string name)
    {
        if (await registry.GetReminder(grain.GrainContext.GrainId, name) is { } reminder)
            await registry.UnregisterReminder(grain.GrainContext.GrainId, reminder);
    }
}

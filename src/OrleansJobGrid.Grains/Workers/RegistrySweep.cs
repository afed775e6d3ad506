using Microsoft.Extensions.Options;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>Forgets workers that were not heard of for <see cref="JobGridOptions.ForgetWorkersAfter"/>.</summary>
internal sealed class RegistrySweep(WorkerRegistry registry, TimeProvider time, IOptions<JobGridOptions> options)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private long _last;

    /// <summary>Looks at all registrations, where it is time to.</summary>
    /// <param name="sessions">The sessions that there are.</param>
    public async Task Pass(SessionPage sessions)
    {
        var after = options.Value.ForgetWorkersAfter;
        if (_last != 0 && time.GetElapsedTime(_last) < (after / 4 < LongestPause ? after / 4 : LongestPause))
            return;
        _last = time.GetTimestamp();
        var alive = sessions.Sessions.Select(s => s.WorkerId).ToHashSet(StringComparer.Ordinal);
        var oldest = sessions.Clock - (long)after.TotalMilliseconds;
        foreach (var (worker, known) in await registry.All())
        {
            if (known.Registration.LastSeenAt < oldest && !alive.Contains(worker))
                await registry.Change(worker, r => r?.LastSeenAt < oldest ? null : r, known);
        }
    }
}

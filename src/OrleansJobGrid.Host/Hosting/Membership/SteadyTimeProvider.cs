using System.Diagnostics;
using Orleans.Runtime;

namespace OrleansJobGrid.Host.Hosting.Membership;

/// <summary>
/// The wall clock as it stood when the process began, carried on by the monotonic one: nobody can set it. Orleans' timers reckon their next
/// tick from what the wall clock shows, so that one set back by five minutes stops the silo's signs of life, its reading of the table of silos
/// and its probes for five minutes, and one set forward ends every request that is under way.
/// </summary>
internal sealed class SteadyTimeProvider : TimeProvider
{
    private static readonly string[] Areas =
    [
        TimeProviderNames.Membership, TimeProviderNames.Messaging, TimeProviderNames.SystemTimers, TimeProviderNames.ActivationManagement,
        TimeProviderNames.GrainDirectory,
    ];

    private readonly DateTimeOffset _start = System.GetUtcNow();
    private readonly long _started = Stopwatch.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _start + Stopwatch.GetElapsedTime(_started);

    /// <summary>Gives it to all areas of Orleans that measure how long something takes. Reminders keep the wall clock, which is what they are set by.</summary>
    public static void AddTo(IServiceCollection services)
    {
        var steady = new SteadyTimeProvider();
        foreach (var area in Areas)
            services.AddKeyedSingleton<TimeProvider>(area, steady);
    }
}

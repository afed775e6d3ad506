namespace OrleansJobGrid.TestKit.Grid;

/// <summary>Waits for what the outside shows.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Polls until the probe gives a value; fails with the phase's name and the last state.</summary>
    public static async Task<T> GetAsync<T>(string phase, TimeSpan limit, Func<Task<(T? Value, string State)>> probe)
        where T : class
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (value, state) = await probe();
            if (value is not null)
                return value;
            if (TimeProvider.System.GetElapsedTime(started) > limit)
                throw new TimeoutException($"'{phase}' did not come about within {limit}: {state}");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}

using Xunit;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>Waits with a deadline that names the phase.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Polls until the condition holds; <paramref name="found"/> says on failure what was there instead.</summary>
    public static async Task EventuallyAsync(string phase, Func<Task<bool>> condition, Func<Task<string>>? found = null, TimeSpan? within = null)
    {
        var limit = within ?? Deadline;
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > limit)
                Assert.Fail($"Not within {limit.TotalSeconds} s: {phase}. {(found is null ? "" : await found())}");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>Awaits an event of the test's own.</summary>
    public static async Task<T> Within<T>(this Task<T> task, string phase, TimeSpan? within = null)
    {
        var limit = within ?? Deadline;
        if (await Task.WhenAny(task, Task.Delay(limit, TimeProvider.System)) != task)
            Assert.Fail($"Not within {limit.TotalSeconds} s: {phase}.");
        return await task;
    }

    /// <summary>Awaits an event of the test's own.</summary>
    public static async Task Within(this Task task, string phase, TimeSpan? within = null) =>
        await Await(task).Within(phase, within);

    /// <summary>Writes a figure that the test saw into its output.</summary>
    public static void Report(string figure) => TestContext.Current.TestOutputHelper?.WriteLine(figure);

    private static async Task<bool> Await(Task task)
    {
        await task;
        return true;
    }
}

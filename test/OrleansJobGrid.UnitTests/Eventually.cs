using System.Diagnostics;
using Xunit;

namespace OrleansJobGrid.UnitTests;

internal static class Eventually
{
    /// <summary>Polls until it holds; a deadline names what did not come.</summary>
    public static async Task Holds(Func<bool> holds, string phase)
    {
        var patience = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60), $"Within 60 s did not come: {phase}.");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}

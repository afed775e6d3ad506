using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class BetterFactsTests
{
    private static readonly ClaimFacts Sent = new() { FreeGpuMemoryMb = 8_000, Customers = ["a", "b"], LoadedModels = ["x"], Held = 2 };

    [Fact]
    public void Are_WhenMemoryACustomerOrModelsChangedForTheBetter()
    {
        Assert.True(BetterFacts.Are(Sent with { FreeGpuMemoryMb = 8_257 }, Sent));
        Assert.True(BetterFacts.Are(Sent, Sent with { FreeGpuMemoryMb = null }));
        Assert.True(BetterFacts.Are(Sent with { Customers = ["b"] }, Sent));
        Assert.True(BetterFacts.Are(Sent with { LoadedModels = ["y"] }, Sent));
    }

    [Fact]
    public void Are_WhenNothingChangedOrForTheWorse_IsFalse()
    {
        Assert.False(BetterFacts.Are(Sent with { FreeGpuMemoryMb = 8_256 }, Sent));
        Assert.False(BetterFacts.Are(Sent with { FreeGpuMemoryMb = 1_000, Held = 3 }, Sent));
        Assert.False(BetterFacts.Are(Sent with { FreeGpuMemoryMb = null }, Sent));
        Assert.False(BetterFacts.Are(Sent with { Customers = ["a", "b", "c"] }, Sent));
    }
}

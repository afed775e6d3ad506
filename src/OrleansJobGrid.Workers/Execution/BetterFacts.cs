using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Whether a claim that waits is to begin anew, since its worker can take more by now, or other jobs rather.</summary>
internal static class BetterFacts
{
    /// <summary>Below this a change of free memory is the noise of other programs.</summary>
    private const long NoiseMb = 256;

    public static bool Are(ClaimFacts now, ClaimFacts sent) =>
        now.FreeGpuMemoryMb - sent.FreeGpuMemoryMb > NoiseMb
        || (now.FreeGpuMemoryMb is not null && sent.FreeGpuMemoryMb is null)
        || sent.Customers.Except(now.Customers).Any()
        || !now.LoadedModels.SequenceEqual(sent.LoadedModels);
}

using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Outside;

namespace OrleansJobGrid.Chaos.Workload;

/// <summary>The jobs of a seed: half in the worker's process, half at the service outside; short ones, and some that outlive a lease.</summary>
internal static class JobMix
{
    public static JobSubmission Of(int seed, int number, string sideEffectFile)
    {
        var random = new Random(HashCode(seed, number));
        var milliseconds = random.Next(10) switch { 0 => random.Next(5_000, 14_000), < 4 => random.Next(0, 100), _ => random.Next(100, 2_500) };
        return random.Next(2) == 0
            ? new() { ServiceRequired = "simulation", Payload = new JsonObject { ["duration_ms"] = milliseconds, ["side_effect_file"] = sideEffectFile } }
            : new() { ServiceRequired = OutsideSettings.Service, Payload = new JsonObject { ["duration_ms"] = milliseconds, ["output"] = "out.txt" } };
    }

    /// <summary>Of the run's own, since that of the runtime differs from process to process.</summary>
    private static int HashCode(int seed, int number) => unchecked((seed * 1_000_003) + (number * 7_919));
}

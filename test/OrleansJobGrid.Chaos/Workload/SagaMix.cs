using System.Text;
using System.Text.Json.Nodes;
using OrleansJobGrid.TestKit.Outside;

namespace OrleansJobGrid.Chaos.Workload;

/// <summary>
/// The sagas of a seed: two jobs side by side and two calls in a chain; a third of them fail at their last call, and undo the others. Their calls'
/// paths begin with the saga's number, so that what stands at the target tells whose it is.
/// </summary>
internal static class SagaMix
{
    /// <summary>Whether a number is a saga's.</summary>
    public static bool Has(int number, int percent) => number * 37 % 100 < percent;

    /// <summary>Whether its last call is refused.</summary>
    public static bool Fails(int number) => number % 3 == 0;

    /// <summary>Status of a call, by its path.</summary>
    public static Task<int> AnswerAsync(string path) => Task.FromResult(path.EndsWith("/last", StringComparison.Ordinal) && Fails(int.Parse(path.Split('/')[1], System.Globalization.CultureInfo.InvariantCulture)) ? 422 : 200);

    /// <summary>What stands at the target when it is over: in order.</summary>
    public static IReadOnlyList<string> EffectsOf(int number) =>
        Fails(number) ? [$"/{number}/first", $"/{number}/undo-last", $"/{number}/undo-pair-1", $"/{number}/undo-pair-0", $"/{number}/undo-first"] : [$"/{number}/first", $"/{number}/last"];

    public static byte[] Of(int seed, int number, string sideEffectFile, string target)
    {
        var random = new Random(unchecked((seed * 1_000_003) + (number * 7_919)));
        JsonObject Call(string path) => new() { ["http"] = new JsonObject { ["url"] = $"{target}/{number}/{path}" } };
        JsonObject Undone(JsonObject step, string path)
        {
            step["compensate"] = Call(path);
            step["compensate"]!["retry"] = new JsonObject { ["attempts"] = 1_000, ["base_delay"] = "500ms", ["max_delay"] = "2s" };
            return step;
        }

        var pair = random.Next(2) == 0
            ? new JsonObject { ["service_required"] = "simulation", ["payload"] = new JsonObject { ["duration_ms"] = random.Next(100, 3_000), ["side_effect_file"] = sideEffectFile } }
            : new JsonObject { ["service_required"] = OutsideSettings.Service, ["payload"] = new JsonObject { ["duration_ms"] = random.Next(100, 3_000), ["output"] = "out.txt" } };
        // A silo that dies breaks its calls off: they are made again, under the same key.
        var tries = new JsonObject { ["attempts"] = 1_000, ["base_delay"] = "500ms", ["max_delay"] = "2s" };
        var (first, last) = (Undone(Call("first"), "undo-first"), Undone(Call("last"), "undo-last"));
        (first["retry"], last["retry"], last["needs"]) = (tries.DeepClone(), tries, new JsonArray("pair"));
        var steps = new JsonObject
        {
            ["first"] = first,
            ["pair"] = Undone(new JsonObject { ["needs"] = new JsonArray("first"), ["for_each"] = "{{input}}", ["concurrency"] = 1, ["job"] = pair, ["retry"] = new JsonObject { ["attempts"] = 5 } }, "undo-pair-{{index}}"),
            ["last"] = last,
        };
        return Encoding.UTF8.GetBytes(new JsonObject { ["definition"] = new JsonObject { ["name"] = "chaos", ["steps"] = steps }, ["input"] = new JsonArray(0, 1) }.ToJsonString());
    }
}

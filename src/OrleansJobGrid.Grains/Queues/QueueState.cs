using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Queues;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>
/// What a queue keeps beside the jobs: figures of runs, and what customers used of their budgets. A cache: what is lost with a crash is
/// at most what came in the last <see cref="WriteEvery"/>.
/// </summary>
public sealed record QueueState
{
    /// <summary>The collection of the store's documents; the key is the queue's name.</summary>
    public const string Collection = "queues";

    /// <summary>Kinds of jobs that are kept.</summary>
    public const int KindsKept = 200;

    public static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(10);

    /// <summary>The day that <see cref="Used"/> counts, days since 1970-01-01 UTC.</summary>
    public long Day { get; init; }

    /// <summary>GPU-seconds used that day, by customer.</summary>
    public IReadOnlyDictionary<string, double> Used { get; init; } = new Dictionary<string, double>();

    /// <summary>Runs by kind.</summary>
    public IReadOnlyDictionary<string, LearnedRuns> Learned { get; init; } = new Dictionary<string, LearnedRuns>();

    /// <summary>What is to be kept of a view. Jobs that run are charged by whoever finds them running, so their charges are not in it.</summary>
    internal static QueueState Of(long day, ReadyView view, InFlightJobs inFlight)
    {
        var charged = inFlight.Charged;
        var used = view.Used.ToDictionary(u => u.Key, u => Math.Max(0, u.Value - charged.GetValueOrDefault(u.Key)), StringComparer.Ordinal);
        return new() { Day = day, Used = used, Learned = view.Learned(KindsKept) };
    }

    public ReadOnlyMemory<byte> Write() => JsonSerializer.SerializeToUtf8Bytes(this, QueueStateJson.Default.QueueState);

    /// <summary>Reads it; what an older version did not write is empty.</summary>
    public static QueueState Read(ReadOnlyMemory<byte> body)
    {
        var state = JsonSerializer.Deserialize(body.Span, QueueStateJson.Default.QueueState)!;
        return state with { Used = state.Used ?? new Dictionary<string, double>(), Learned = state.Learned ?? new Dictionary<string, LearnedRuns>() };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(QueueState))]
[JsonSerializable(typeof(QueuePause))]
internal sealed partial class QueueStateJson : JsonSerializerContext;

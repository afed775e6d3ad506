using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>Why a job is where it is. What is not known, or does not apply, is <c>null</c>.</summary>
internal sealed record WhyAnswer
{
    public required bool Success { get; init; }
    public required string JobId { get; init; }
    public required string Status { get; init; }

    /// <summary>For a person: why, and what ends it.</summary>
    public required string Summary { get; init; }

    /// <summary>Whether some registered worker can do it; true where the job does not wait for one.</summary>
    public required bool Workable { get; init; }
    public required WorkerCounts Workers { get; init; }

    /// <summary>What keeps live workers from it (registered ones, where none lives), each counted once.</summary>
    public required IReadOnlyList<ClauseDocument> Clauses { get; init; }

    /// <summary>Its place among the jobs that its workers could take, from 1, by priority and order.</summary>
    public long? Position { get; init; }

    /// <summary>Counting ended at that place.</summary>
    public bool? PositionIsAtLeast { get; init; }

    /// <summary>Work before it, seconds of one slot.</summary>
    public double? SecondsAhead { get; init; }
    public RunDocument? Run { get; init; }
    public EnvelopeDocument? Envelope { get; init; }

    /// <summary>What keeps its customer's jobs back now.</summary>
    public string? CustomerHeld { get; init; }

    /// <summary>Since when its queue is paused, and why; null: it gives out jobs.</summary>
    public IsoTime? QueuePausedSince { get; init; }
    public string? QueuePauseReason { get; init; }

    /// <summary>Why workers that wait and match do not take it now.</summary>
    public required IReadOnlyList<NotNowDocument> NotNow { get; init; }

    /// <summary>When it may start, seconds from now.</summary>
    public QuantileDocument? Start { get; init; }
    public required IsoTime Timestamp { get; init; }

    public static WhyAnswer Of(JobWhy why, IsoTime now) => new()
    {
        Success = true,
        JobId = why.JobId,
        Status = why.Status.Name(),
        Summary = why.Summary,
        Workable = why.Workable,
        Workers = new(why.Registered, why.Live, why.Matching, why.Free),
        Clauses = [.. why.Clauses.Select(c => new ClauseDocument(c.Clause, c.Workers, c.Detail, c.Examples))],
        Position = why.Wait?.Position,
        PositionIsAtLeast = why.Wait?.PositionIsAtLeast,
        SecondsAhead = why.Wait?.SecondsAhead,
        Run = why.Wait is { } wait ? new(wait.RunP50Seconds, wait.RunP90Seconds, wait.Measured) : null,
        Envelope = why.Wait is { EnvelopeMb: { } envelope } from ? new(envelope, from.EnvelopeSource) : null,
        CustomerHeld = why.Wait?.CustomerHeld,
        QueuePausedSince = why.Wait?.Pause is { } pause ? new IsoTime(pause.Since) : null,
        QueuePauseReason = why.Wait?.Pause?.Reason,
        NotNow = [.. (why.Wait?.NotNow ?? new Dictionary<string, int>()).Select(n => new NotNowDocument(n.Key, n.Value))],
        Start = why.StartP50Seconds is null ? null : new(why.StartP50Seconds, why.StartP90Seconds),
        Timestamp = now,
    };
}

/// <summary>Workers that are registered; of these those that live and claim; of these those that can do it; of these those with a free slot.</summary>
internal sealed record WorkerCounts(int Registered, int Live, int Matching, int Free);

/// <summary>Workers that one clause keeps from the job.</summary>
internal sealed record ClauseDocument(string Clause, int Workers, string Detail, IReadOnlyList<string> Examples);

/// <summary>Run time of jobs like it, seconds, and how many runs that was measured from.</summary>
internal sealed record RunDocument(
    [property: JsonPropertyName("p50_seconds")] double? P50Seconds, [property: JsonPropertyName("p90_seconds")] double? P90Seconds, int Measured);

/// <summary>GPU memory that it is taken to need; source: requirements, learned or out_of_memory.</summary>
internal sealed record EnvelopeDocument(long GpuMemoryMb, string? Source);

/// <summary>Workers that do not take it now, and why.</summary>
internal sealed record NotNowDocument(string Reason, int Workers);

/// <summary>As likely before as after; with nine chances in ten before.</summary>
internal sealed record QuantileDocument(
    [property: JsonPropertyName("p50_seconds")] double? P50Seconds, [property: JsonPropertyName("p90_seconds")] double? P90Seconds);

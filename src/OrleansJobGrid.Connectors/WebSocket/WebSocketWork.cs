using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>A job as the messages of its service describe it.</summary>
internal sealed record WebSocketWork(SubmissionState State, JToken? Answer = null) : IOutsideWork
{
    public double? Progress { get; init; }

    public string? Message { get; init; }

    public FailedResult? Failure { get; init; }

    /// <summary>Binary messages that came before it was done.</summary>
    public IReadOnlyList<byte[]> Binary { get; init; } = [];

    public bool IsLive => State is SubmissionState.Queued or SubmissionState.Running;
}

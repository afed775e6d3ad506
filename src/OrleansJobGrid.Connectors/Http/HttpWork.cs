using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>A job as an answer of its service describes it.</summary>
internal sealed record HttpWork(SubmissionState State, JToken? Answer = null) : IOutsideWork
{
    public double? Progress { get; init; }

    public string? Message { get; init; }

    public FailedResult? Failure { get; init; }
}

using System.Text.Json;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>A prompt as the server has it.</summary>
/// <param name="State">What became of it.</param>
/// <param name="PromptId">The server's id of it, which in servers before 0.3.45 is not ours.</param>
internal sealed record ComfyWork(SubmissionState State, string PromptId) : IOutsideWork
{
    /// <summary>Its place among those that wait, from 1; null: it does not wait.</summary>
    public int? Place { get; init; }

    /// <summary>The client that its messages go to, as its queue entry says.</summary>
    public string? ClientId { get; init; }

    /// <summary>What its nodes put out, by node; null: nothing is known of it.</summary>
    public JsonElement? Outputs { get; init; }

    /// <summary>Whether its outputs were found by its files alone, after a restart of the server.</summary>
    public bool FoundByFiles { get; init; }

    public FailedResult? Failure { get; init; }

    /// <summary>Progress is heard, not asked for.</summary>
    public double? Progress => null;

    public string? Message => State == SubmissionState.Queued && Place is { } place ? $"waits in ComfyUI at place {place}" : null;
}

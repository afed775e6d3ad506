using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.Connectors;

/// <summary>
/// Work in chunks that goes on where it stopped, whichever worker takes it: after each chunk the state is offered as a checkpoint. What a killed worker
/// did since its last one that became durable, at most a second and the chunk under way, is done again.
/// </summary>
public static class ChunkedWork
{
    /// <summary>Does the chunks that are not done yet.</summary>
    /// <param name="context">The attempt. Its progress is that of the chunks.</param>
    /// <param name="totalChunks">How many there are, from 0. A checkpoint of another number is of other work: then all are done.</param>
    /// <param name="state">The state before the first chunk; null: none.</param>
    /// <param name="chunk">Does one: its number from 0, the state before it; gives the state after it, at most 60 KB as JSON.</param>
    /// <param name="cancellationToken">Ends it between two chunks, and within one that heeds it.</param>
    /// <returns>The state after the last chunk.</returns>
    public static async Task<JsonNode?> RunAsync(
        IJobContext context, int totalChunks, JsonNode? state, Func<int, JsonNode?, CancellationToken, Task<JsonNode?>> chunk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(chunk);
        ArgumentOutOfRangeException.ThrowIfNegative(totalChunks);
        var done = 0;
        if (ChunkCheckpoint.Read(context.Checkpoint) is { } checkpoint && checkpoint.TotalChunks == totalChunks)
            (done, state) = (checkpoint.CompletedChunks, checkpoint.CurrentState);
        if (done > 0)
            context.ReportProgress(100.0 * done / totalChunks, $"goes on after chunk {done} of {totalChunks}");
        while (done < totalChunks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            state = await chunk(done, state, cancellationToken);
            done++;
            await context.SaveCheckpointAsync(new ChunkCheckpoint(done, totalChunks, state).ToBytes(), cancellationToken);
            context.ReportProgress(100.0 * done / totalChunks, $"chunk {done} of {totalChunks}");
        }

        return state;
    }
}

/// <summary>How far work in chunks is: <c>{"completed_chunks", "total_chunks", "current_state"}</c>.</summary>
/// <param name="CompletedChunks">Chunks that are done.</param>
/// <param name="TotalChunks">Chunks in all.</param>
/// <param name="CurrentState">The state after them.</param>
public sealed record ChunkCheckpoint(int CompletedChunks, int TotalChunks, JsonNode? CurrentState)
{
    /// <summary>Reads a checkpoint; null: there is none, or it is another kind.</summary>
    public static ChunkCheckpoint? Read(ReadOnlyMemory<byte>? bytes)
    {
        if (bytes is not { Length: > 0 } given || given.Span[0] != (byte)'{')
            return null;
        try
        {
            return JsonNode.Parse(given.Span) is JsonObject json && json["completed_chunks"] is JsonValue done && json["total_chunks"] is JsonValue total
                && done.TryGetValue(out int completed) && total.TryGetValue(out int all) && completed >= 0 && completed <= all
                ? new(completed, all, json["current_state"]?.DeepClone()) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Its bytes.</summary>
    public byte[] ToBytes() =>
        JsonSerializer.SerializeToUtf8Bytes<JsonNode>(new JsonObject { ["completed_chunks"] = CompletedChunks, ["total_chunks"] = TotalChunks, ["current_state"] = CurrentState?.DeepClone() });
}

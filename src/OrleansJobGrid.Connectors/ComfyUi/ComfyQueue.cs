using System.Text.Json;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>Reads what <c>GET /queue</c> says: items of number, prompt id, prompt, extra data and outputs.</summary>
internal sealed class ComfyQueue(JsonElement queue)
{
    private readonly List<JsonElement> _running = ItemsOf(queue, "queue_running");

    // The server's list is a heap: its order says nothing.
    private readonly List<JsonElement> _pending = [.. ItemsOf(queue, "queue_pending").OrderBy(NumberOf)];

    /// <summary>A prompt by our mark, or by the id that it is known to have; null: it neither waits nor runs.</summary>
    public ComfyWork? Find(string externalId, string? promptId)
    {
        if (_running.Find(Is) is { ValueKind: JsonValueKind.Array } running)
            return new(SubmissionState.Running, IdOf(running)) { ClientId = ComfyHistory.TextOf(running[3], "client_id") };
        var place = _pending.FindIndex(Is);
        return place < 0 ? null : new(SubmissionState.Queued, IdOf(_pending[place])) { Place = place + 1, ClientId = ComfyHistory.TextOf(_pending[place][3], "client_id") };

        bool Is(JsonElement item) => ComfyMark.IsOf(item, externalId, promptId);
    }

    private static string IdOf(JsonElement item) => item[1].GetString()!;

    private static double NumberOf(JsonElement item) => item[0].ValueKind == JsonValueKind.Number ? item[0].GetDouble() : 0;

    private static List<JsonElement> ItemsOf(JsonElement queue, string name) =>
        queue.ValueKind == JsonValueKind.Object && queue.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array
            ? [.. items.EnumerateArray().Where(ComfyMark.IsItem)]
            : throw new InvalidDataException($"It did not answer GET /queue as ComfyUI does: {name} is missing.");
}

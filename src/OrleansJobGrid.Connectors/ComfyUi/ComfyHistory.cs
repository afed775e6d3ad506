using System.Text.Json;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>Reads what <c>GET /history</c> says of a prompt.</summary>
internal static class ComfyHistory
{
    /// <summary>What became of a prompt.</summary>
    /// <param name="promptId">The server's id of it.</param>
    /// <param name="entry">Its entry.</param>
    /// <param name="heard">How it ended as its WebSocket told; null: nobody heard it. Decides where the entry says nothing, which is before 2024.</param>
    /// <param name="instance">The instance, for what is said of a failure.</param>
    public static ComfyWork Judge(string promptId, JsonElement entry, ComfyEnd? heard, string instance)
    {
        var outputs = entry.TryGetProperty("outputs", out var found) && found.ValueKind == JsonValueKind.Object ? found : (JsonElement?)null;
        if (!entry.TryGetProperty("status", out var status) || status.ValueKind != JsonValueKind.Object)
            return JudgeOld(promptId, entry, outputs, heard, instance);
        if (TextOf(status, "status_str") == "success")
            return new(SubmissionState.Completed, promptId) { Outputs = outputs };
        var last = LastMessage(status);
        return last.Name == "execution_interrupted"
            ? new(SubmissionState.Cancelled, promptId)
            : new(SubmissionState.Failed, promptId) { Failure = FailureOf(last.Data, instance) };
    }

    /// <summary>The failure that an <c>execution_error</c> tells of, in the history or over the WebSocket.</summary>
    public static FailedResult FailureOf(JsonElement? error, string instance)
    {
        if (error is not { ValueKind: JsonValueKind.Object } said)
        {
            return new(new FailureEvidence
            {
                Message = $"'{instance}' says that the prompt failed, and not why.",
                Stage = "run",
                Instance = instance,
            });
        }

        var (node, type) = (TextOf(said, "node_id"), TextOf(said, "node_type"));
        var message = TextOf(said, "exception_message")?.Trim();
        var hints = new Dictionary<string, string>();
        if (node is not null)
            hints["node_id"] = node;
        if (type is not null)
            hints["node_type"] = type;
        return new(new FailureEvidence
        {
            Message = $"Node {node} ({type}): {(string.IsNullOrEmpty(message) ? TextOf(said, "exception_type") : message)}",
            ExceptionType = TextOf(said, "exception_type"),
            Stack = said.TryGetProperty("traceback", out var lines) && lines.ValueKind == JsonValueKind.Array
                ? string.Concat(lines.EnumerateArray().Where(l => l.ValueKind == JsonValueKind.String).Select(l => l.GetString()))
                : null,
            Stage = "run",
            Instance = instance,
            Hints = hints,
        });
    }

    /// <summary>
    /// Before 2024-01-11 a success, a failure and an interrupt look the same but for their outputs: all that were asked for are there, or it
    /// came to no good end.
    /// </summary>
    private static ComfyWork JudgeOld(string promptId, JsonElement entry, JsonElement? outputs, ComfyEnd? heard, string instance)
    {
        if (heard is { Interrupted: true })
            return new(SubmissionState.Cancelled, promptId);
        if (heard is { Error: { } error })
            return new(SubmissionState.Failed, promptId) { Failure = FailureOf(error, instance) };
        var asked = OutputsAskedFor(entry);
        if (asked.Count > 0 && outputs is { } all && asked.TrueForAll(node => all.TryGetProperty(node, out _)))
            return new(SubmissionState.Completed, promptId) { Outputs = outputs };
        return new(SubmissionState.Failed, promptId) { Failure = FailureOf(null, instance) };
    }

    private static List<string> OutputsAskedFor(JsonElement entry) =>
        entry.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.Array && prompt.GetArrayLength() > 4
            && prompt[4].ValueKind == JsonValueKind.Array
            ? [.. prompt[4].EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!)]
            : [];

    private static (string? Name, JsonElement? Data) LastMessage(JsonElement status)
    {
        if (!status.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            return default;
        var last = messages[messages.GetArrayLength() - 1];
        return last.ValueKind == JsonValueKind.Array && last.GetArrayLength() > 1 && last[0].ValueKind == JsonValueKind.String ? (last[0].GetString(), last[1]) : default;
    }

    internal static string? TextOf(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>How a prompt ended, as its WebSocket told.</summary>
/// <param name="Interrupted">Somebody interrupted it.</param>
/// <param name="Error">What went wrong, as <c>execution_error</c> has it; null: nothing.</param>
internal sealed record ComfyEnd(bool Interrupted, JsonElement? Error);

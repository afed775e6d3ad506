using System.Text.Json;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// Progress over all nodes of a prompt, from the messages of its WebSocket. It never falls, and is below 100 until the end is read in the
/// history. Messages of other prompts, and of unknown types, say nothing.
/// </summary>
/// <param name="nodes">Its nodes, by id with their class.</param>
internal sealed class ComfyProgress(IReadOnlyDictionary<string, string> nodes)
{
    private const double Most = 99;

    private readonly HashSet<string> _done = [];
    private readonly Dictionary<string, double> _parts = [];
    private string? _current;
    private bool _begun;

    /// <summary>The id that the server gave it; messages of another are not taken. Null: not known yet, and none is.</summary>
    public string? PromptId { get; set; }

    /// <summary>0 to 99.</summary>
    public double Percent { get; private set; }

    /// <summary>The node that runs, for a person; null: none was named.</summary>
    public string? Message { get; private set; }

    /// <summary>How it ended, as far as it was told before <see cref="IsOver"/>.</summary>
    public ComfyEnd? End { get; private set; }

    /// <summary>The last message of a prompt came: from here on the history knows it.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether a preview that does not say whose it is is ours: one prompt runs at a time, and those without a client show theirs to all.</summary>
    public bool Runs => _begun && End is null && !IsOver;

    /// <summary>Takes a message in. True: it told something new.</summary>
    public bool Hear(JsonElement message)
    {
        if (ComfyHistory.TextOf(message, "type") is not { } type || !message.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object)
            return false;
        var id = ComfyHistory.TextOf(data, "prompt_id");
        // Only these come without an id: `executing` after a connection, and `progress` of versions before 2024. Before ours runs they are another's.
        var ours = id is null ? _begun && (type is "executing" or "progress") : id == PromptId;
        if (!ours || PromptId is null)
            return false;
        _begun = true;
        var (percent, said, over) = (Percent, Message, IsOver);
        switch (type)
        {
            case "execution_cached" when data.TryGetProperty("nodes", out var cached) && cached.ValueKind == JsonValueKind.Array:
                _done.UnionWith(cached.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!));
                break;
            case "executing":
                Executing(data, id);
                break;
            case "executed" when ComfyHistory.TextOf(data, "node") is { } executed:
                _done.Add(executed);
                break;
            case "progress":
                Part(ComfyHistory.TextOf(data, "node") ?? _current, data);
                break;
            case "progress_state" when data.TryGetProperty("nodes", out var states) && states.ValueKind == JsonValueKind.Object:
                foreach (var node in states.EnumerateObject())
                    State(node.Name, node.Value);
                break;
            case "execution_error":
                End = new(false, data.Clone());
                break;
            case "execution_interrupted":
                End = new(true, null);
                break;
        }

        var done = _done.Count(nodes.ContainsKey) + _parts.Where(p => nodes.ContainsKey(p.Key) && !_done.Contains(p.Key)).Sum(p => p.Value);
        Percent = Math.Max(Percent, Math.Min(Most, 100 * done / nodes.Count));
        return percent != Percent || said != Message || over != IsOver;
    }

    private void Executing(JsonElement data, string? id)
    {
        var node = ComfyHistory.TextOf(data, "node");
        if (node is null)
        {
            // Without an id it may be another's last one.
            IsOver |= id is not null;
            return;
        }

        if (_current is { } before && before != node)
            _done.Add(before);
        _current = node;
        Message = nodes.TryGetValue(node, out var type) ? $"node {node}, {type}" : $"node {node}";
    }

    private void State(string node, JsonElement state)
    {
        if (ComfyHistory.TextOf(state, "state") == "finished")
            _done.Add(node);
        else
            Part(node, state);
    }

    private void Part(string? node, JsonElement data)
    {
        if (node is not null && data.TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.Number
            && data.TryGetProperty("max", out var max) && max.ValueKind == JsonValueKind.Number && max.GetDouble() > 0)
        {
            _parts[node] = Math.Clamp(value.GetDouble() / max.GetDouble(), 0, 1);
        }
    }
}

using System.Text.Json.Nodes;

namespace OrleansJobGrid.TestService.ComfyUi;

/// <summary>Queue, history and the one worker of a server, of one boot: a restart makes a new one.</summary>
internal sealed class ComfyEngine(ComfyEdition edition, ComfyFolder folder, ComfySockets sockets, ComfyKnobs knobs) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<ComfyItem> _pending = [];
    private readonly List<(string Id, JsonObject Entry)> _history = [];
    private readonly Dictionary<string, (ComfyImage? Image, JsonObject? Output)> _cache = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _work = new(0);
    private readonly CancellationTokenSource _end = new();
    private ComfyItem? _running;
    private double _numbers;
    private string? _lastClient;
    private bool _interrupted;
    private CancellationTokenSource _stop = new();
    private Task _working = Task.CompletedTask;

    /// <summary>The node that runs.</summary>
    public string? RunningNode { get; private set; }

    public void Start() => _working = Task.Run(Work);

    public int Remaining
    {
        get
        {
            lock (_lock)
                return _pending.Count + (_running is null ? 0 : 1);
        }
    }

    public double Enqueue(string id, JsonObject prompt, JsonObject extraData, IReadOnlyList<string> outputs)
    {
        double number;
        lock (_lock)
        {
            number = _numbers++;
            _pending.Add(new(number, id, prompt, extraData, outputs));
        }

        TellStatus();
        TellStatus();
        _work.Release();
        return number;
    }

    public JsonObject Queue()
    {
        lock (_lock)
        {
            // A heap's order says nothing.
            var pending = _pending.AsEnumerable().Reverse().Select(i => (JsonNode?)i.ToJson());
            return new() { ["queue_running"] = new JsonArray(_running is null ? [] : [_running.ToJson()]), ["queue_pending"] = new JsonArray([.. pending]) };
        }
    }

    public JsonObject History(string? id, int? most)
    {
        lock (_lock)
        {
            var entries = id is not null ? _history.Where(h => h.Id == id) : _history.TakeLast(most ?? int.MaxValue);
            return new(entries.Select(e => KeyValuePair.Create(e.Id, (JsonNode?)e.Entry.DeepClone())));
        }
    }

    /// <summary>Takes a prompt from those that wait.</summary>
    public bool Delete(string id)
    {
        bool gone;
        lock (_lock)
        {
            var at = _pending.FindIndex(p => p.Id == id);
            gone = at >= 0;
            if (gone)
                _pending.RemoveAt(at);
        }

        TellStatus();
        return gone;
    }

    /// <summary>Interrupts what runs; with an id where the version heeds it only that prompt.</summary>
    public bool Interrupt(string? id)
    {
        lock (_lock)
        {
            if (_running is null || (edition.InterruptsById && id is not null && _running.Id != id))
                return false;
            _stop.Cancel();
            return _interrupted = true;
        }
    }

    /// <summary>Forgets what nodes made.</summary>
    public void Free()
    {
        lock (_lock)
            _cache.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _working;
        _stop.Dispose();
        _end.Dispose();
        _work.Dispose();
    }

    private static JsonObject Message(string type, JsonObject data) => new() { ["type"] = type, ["data"] = data };

    private void TellStatus() => sockets.TellAll(Message("status", new() { ["status"] = new JsonObject { ["exec_info"] = new JsonObject { ["queue_remaining"] = Remaining } } }));

    private async Task Work()
    {
        try
        {
            while (true)
            {
                await _work.WaitAsync(_end.Token);
                ComfyItem? item;
                lock (_lock)
                {
                    item = _pending.MinBy(p => p.Number);
                    if (item is null)
                        continue;
                    _pending.Remove(item);
                    (_running, _interrupted) = (item, false);
                    _stop.Dispose();
                    _stop = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
                }

                await Execute(item);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ended.
        }
    }

    private async Task Execute(ComfyItem item)
    {
        knobs.Begun(item);
        var messages = new JsonArray();
        var outputs = new JsonObject();
        void Tell(string type, JsonObject data)
        {
            data["prompt_id"] = item.Id;
            if (edition.TellsSuccess && type.StartsWith("execution_", StringComparison.Ordinal))
                data["timestamp"] = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            if (type.StartsWith("execution_", StringComparison.Ordinal))
                messages.Add(new JsonArray(type, data.DeepClone()));
            sockets.Tell(item.ClientId, Message(type, data));
        }

        Tell("execution_start", []);
        var order = new List<string>();
        foreach (var output in item.Outputs)
            Sort(item.Prompt, output, order);
        List<string> cached;
        lock (_lock)
            cached = order.FindAll(n => _cache.ContainsKey(Signature(item.Prompt, n)));
        Tell("execution_cached", new() { ["nodes"] = new JsonArray([.. cached.Select(n => (JsonNode?)n)]) });
        var failed = false;
        try
        {
            foreach (var node in order)
                await Run(item, node, cached.Contains(node), outputs, Tell);
            // The flag of a node that did not look is found before the next one; after the last one nobody looks.
            if (edition.TellsSuccess)
                Tell("execution_success", []);
        }
        catch (ComfyInterruptedException)
        {
            failed = true;
            Tell("execution_interrupted", new() { ["node_id"] = RunningNode, ["node_type"] = "?", ["executed"] = new JsonArray() });
        }
        catch (ComfyNodeException e)
        {
            failed = true;
            Tell("execution_error", new()
            {
                ["node_id"] = RunningNode,
                ["node_type"] = item.Prompt[RunningNode!]!["class_type"]!.DeepClone(),
                ["executed"] = new JsonArray(),
                ["exception_message"] = $"{e.Message}\n",
                ["exception_type"] = e.Type,
                ["traceback"] = new JsonArray("  File \"/nodes.py\", line 1, in run\n"),
                ["current_inputs"] = new JsonObject(),
                ["current_outputs"] = new JsonArray(),
            });
        }

        // The history is late.
        await Task.Delay(knobs.HistoryDelay, TimeProvider.System, _end.Token);
        RunningNode = null;
        lock (_lock)
        {
            var entry = new JsonObject { ["prompt"] = item.ToJson(), ["outputs"] = outputs };
            if (edition.HasStatus)
                entry["status"] = new JsonObject { ["status_str"] = failed ? "error" : "success", ["completed"] = !failed, ["messages"] = messages };
            _history.RemoveAll(h => h.Id == item.Id);
            _history.Add((item.Id, entry));
            (_running, _lastClient) = (null, item.ClientId ?? _lastClient);
        }

        TellStatus();
        sockets.Tell(item.ClientId, Message("executing", new() { ["node"] = null, ["prompt_id"] = item.Id }));
        knobs.Ended(item, failed);
    }

    /// <summary>A step that somebody holds back is left by an interrupt, unless its node does not look.</summary>
    private async Task StepOf(ComfyItem item, int step, bool deaf)
    {
        try
        {
            await knobs.Step(item, step, deaf ? _end.Token : _stop.Token);
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            ThrowIfInterrupted();
        }
    }

    private async Task Run(ComfyItem item, string node, bool cached, JsonObject outputs, Action<string, JsonObject> tell)
    {
        if (!cached)
        {
            ThrowIfInterrupted();
            RunningNode = node;
            TellState(item, node, 0, 1, "running");
            var executing = new JsonObject { ["node"] = node };
            if (edition.HasStatus)
                executing["display_node"] = node;
            tell("executing", executing);
            var made = await Make(item, node, tell);
            lock (_lock)
                _cache[Signature(item.Prompt, node)] = made;
            TellState(item, node, 1, 1, "finished");
        }

        JsonObject? output;
        lock (_lock)
            output = _cache.GetValueOrDefault(Signature(item.Prompt, node)).Output;
        if (output is null)
            return;
        outputs[node] = output.DeepClone();
        if (!cached || edition.TellsCachedOutputs)
            tell("executed", new() { ["node"] = node, ["output"] = output.DeepClone() });
    }

    private async Task<(ComfyImage? Image, JsonObject? Output)> Make(ComfyItem item, string node, Action<string, JsonObject> tell)
    {
        var (type, inputs) = (item.Prompt[node]!["class_type"]!.GetValue<string>(), (JsonObject)item.Prompt[node]!["inputs"]!);
        ComfyImage Image(string name)
        {
            lock (_lock)
                return _cache[Signature(item.Prompt, inputs[name]![0]!.GetValue<string>())].Image!;
        }

        int Number(string name) => (int)inputs[name]!.GetValue<double>();
        string Text(string name) => inputs[name]!.GetValue<string>();
        switch (type)
        {
            case "EmptyImage":
                return (new(Number("width"), Number("height"), Number("color"), Number("batch_size")), null);
            case "ImageScale":
                return (Image("image") with { Width = Number("width"), Height = Number("height") }, null);
            case "ImageInvert":
                return (Image("image") with { Color = 0xffffff ^ Image("image").Color }, null);
            case "LoadImage":
                return (folder.Load(Text("image")), null);
            case "TestSlow":
                for (var step = 1; step <= Number("steps"); step++)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(Number("step_ms")), TimeProvider.System, _end.Token);
                    await StepOf(item, step, deaf: Number("deaf") != 0);
                    if (Number("deaf") == 0)
                        ThrowIfInterrupted();
                    TellProgress(item, node, step, Number("steps"));
                    sockets.Show(item.ClientId, item.Id, node, [0xff, 0xd8, 0xff, 0xe0, (byte)step]);
                }

                return (Image("image"), null);
            case "TestFail":
                throw new ComfyNodeException(Text("exception_type"), Text("message"));
            case "TestText":
                return (Image("image"), new() { ["text"] = new JsonArray(Text("text")) });
            case "SaveImage":
                return (null, new() { ["images"] = folder.Save("output", Text("filename_prefix"), Image("images")) });
            case "PreviewImage":
                return (null, new() { ["images"] = folder.Save("temp", "ComfyUI_temp", Image("images")) });
            default:
                throw new ComfyNodeException("NotImplementedError", type);
        }
    }

    private void ThrowIfInterrupted()
    {
        lock (_lock)
        {
            if (!_interrupted)
                return;
            _interrupted = false;
        }

        throw new ComfyInterruptedException();
    }

    private void TellState(ComfyItem item, string node, double value, double max, string state)
    {
        if (!edition.HasProgressState)
            return;
        var nodes = new JsonObject { [node] = new JsonObject { ["value"] = value, ["max"] = max, ["state"] = state, ["node_id"] = node, ["prompt_id"] = item.Id } };
        // A prompt without a client leaks to the one before.
        sockets.Tell(item.ClientId ?? _lastClient, Message("progress_state", new() { ["prompt_id"] = item.Id, ["nodes"] = nodes }));
    }

    private void TellProgress(ComfyItem item, string node, int value, int max)
    {
        TellState(item, node, value, max, "running");
        var data = new JsonObject { ["value"] = value, ["max"] = max };
        if (edition.HasStatus)
            (data["prompt_id"], data["node"]) = (item.Id, node);
        sockets.Tell(item.ClientId, Message("progress", data));
    }

    private static void Sort(JsonObject prompt, string node, List<string> order)
    {
        if (order.Contains(node))
            return;
        foreach (var (_, value) in (JsonObject)prompt[node]!["inputs"]!)
        {
            if (ComfyNodes.IsLink(value))
                Sort(prompt, value![0]!.GetValue<string>(), order);
        }

        order.Add(node);
    }

    /// <summary>What a node makes depends on its class and its inputs, with those of the nodes before it.</summary>
    private static string Signature(JsonObject prompt, string node)
    {
        var inputs = ((JsonObject)prompt[node]!["inputs"]!)
            .Select(i => $"{i.Key}={(ComfyNodes.IsLink(i.Value) ? Signature(prompt, i.Value![0]!.GetValue<string>()) : i.Value?.ToJsonString())}");
        return $"{prompt[node]!["class_type"]}({string.Join(',', inputs)})";
    }
}

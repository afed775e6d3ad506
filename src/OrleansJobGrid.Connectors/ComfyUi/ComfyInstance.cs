using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>One ComfyUI server, of any version since 2023; what differs is in <c>docs/comfyui.md</c>.</summary>
internal sealed class ComfyInstance : IOutsideInstance<ComfyWork>, IAsyncDisposable
{
    /// <summary>How far back a prompt is looked for by its mark in a server that gave it an id of its own.</summary>
    private const int HistoryLookedThrough = 500;

    /// <summary>It comes before the post and takes from its time.</summary>
    private static readonly TimeSpan ListenWithin = TimeSpan.FromSeconds(1);

    /// <summary>What a server of today can do.</summary>
    public const ServiceCapabilities All = ServiceCapabilities.StatusQuery | ServiceCapabilities.Cancel | ServiceCapabilities.Attach | ServiceCapabilities.Progress
        | ServiceCapabilities.Previews | ServiceCapabilities.QueueIntrospection | ServiceCapabilities.ModelList | ServiceCapabilities.FreeMemory;

    private readonly ComfyHttp _http;
    private readonly ComfyUiOptions _options;
    private readonly TimeProvider _time;
    private readonly IReadOnlyDictionary<string, string> _headers;
    private readonly ComfyBoot _boot;
    private readonly ConcurrentDictionary<string, ComfySocket> _sockets = new(StringComparer.Ordinal);

    /// <summary>What the server calls the prompts of this process, and who listens to those of others.</summary>
    private readonly ConcurrentDictionary<string, (string? PromptId, string? ClientId)> _known = new(StringComparer.Ordinal);

    private ComfyFacts? _facts;

    public ComfyInstance(
        string id, Uri address, ComfyUiOptions options, IReadOnlyDictionary<string, string> headers, ComfySuperviseOptions? supervised, TimeProvider time)
    {
        (_options, _headers, _time) = (options, headers, time);
        _http = new(new(id, address, options.RequestTimeout, time, headers));
        _boot = new(_http);
        Supervisor = supervised is null ? null : new(id, supervised, options.WorkFolder, Answers, time);
    }

    /// <summary>Keeps it running; null: somebody else does.</summary>
    public ComfySupervisor? Supervisor { get; }

    public string Id => _http.Id;

    public async Task<string?> Boot(CancellationToken cancellationToken) => (await Facts(cancellationToken)).Boot;

    public async Task<InstanceProof> Prove(CancellationToken cancellationToken)
    {
        if (Supervisor?.Fault is { } fault)
            throw new InvalidOperationException(fault);
        var facts = await Facts(cancellationToken);
        await _http.Queue(cancellationToken);
        var nobodys = Guid.NewGuid().ToString("D");
        if (await _http.History(nobodys, cancellationToken) is not null)
            throw new InvalidDataException($"'{Id}' has a history of a prompt that was never posted: it is no ComfyUI.");
        return new(facts.Version.Frees ? All : All & ~ServiceCapabilities.FreeMemory, Proved: true)
        {
            BootMark = facts.Boot,
            Version = facts.Version.ToString(),
            Models = await _http.Models(cancellationToken),
        };
    }

    public async Task<Func<string, CancellationToken, Task<string?>>> Prepare(IJobContext job, CancellationToken cancellationToken)
    {
        var payload = ComfyPayload.Parse(job.Payload);
        var facts = await Facts(cancellationToken);
        await LearnClasses(facts, payload.Workflow, cancellationToken);
        var names = await UploadInputs(job, payload, cancellationToken);
        return (externalId, token) => Post(job, payload, names, facts, externalId, token);
    }

    public async Task<OutsideStates<ComfyWork>> Query(IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, ComfyWork>(StringComparer.Ordinal);
        await LookInHistory(marks, found, cancellationToken);
        if (found.Count < marks.Count)
        {
            var queue = await _http.Queue(cancellationToken);
            foreach (var mark in marks.Where(m => !found.ContainsKey(m.ExternalId)))
            {
                if (queue.Find(mark.ExternalId, PromptIdOf(mark)) is { } work)
                    Found(mark.ExternalId, work, found);
            }
        }

        // Between the two it may have gone from the queue to the history.
        if (found.Count < marks.Count)
            await LookInHistory(marks, found, cancellationToken);
        if (found.Count == marks.Count)
            return new(null, found);
        var facts = await Facts(cancellationToken);
        if (!facts.Version.TakesIds)
            await LookForMarks(marks, found, cancellationToken);
        foreach (var id in marks.Select(m => m.ExternalId).Where(id => !found.ContainsKey(id)))
        {
            if (await FindFiles(id, cancellationToken) is { } work)
                found.Add(id, work);
        }

        return new(facts.Boot, found);
    }

    public async Task Pause(IJobContext job, WorkMark mark, CancellationToken cancellationToken)
    {
        var externalId = mark.ExternalId;
        if (!_sockets.TryGetValue(externalId, out var socket))
        {
            if (_known.GetValueOrDefault(externalId) is not { ClientId: { } client, PromptId: { } prompt })
            {
                await Task.Delay(_options.PollInterval, _time, cancellationToken);
                return;
            }

            // It was posted by another worker, which has it no more: its messages go to that one's client.
            socket = await Listen(ComfyPayload.Parse(job.Payload), client, cancellationToken);
            socket.Follow(prompt);
            _sockets[externalId] = socket;
        }

        await socket.Wait(_options.PollInterval, job, cancellationToken);
    }

    public async Task Cancel(WorkMark mark, CancellationToken cancellationToken)
    {
        var facts = await Facts(cancellationToken);
        while (true)
        {
            var work = (await Query([mark], cancellationToken)).Jobs.GetValueOrDefault(mark.ExternalId);
            switch (work?.State)
            {
                case SubmissionState.Queued or SubmissionState.Running when facts.Version.CancelsById:
                    await _http.CancelJob(work.PromptId, cancellationToken);
                    break;
                case SubmissionState.Queued:
                    await _http.Delete(work.PromptId, cancellationToken);
                    break;
                case SubmissionState.Running:
                    // The queue has just shown that the one that runs is ours: before 0.3.57 it interrupts whichever runs.
                    await _http.Interrupt(work.PromptId, cancellationToken);
                    break;
                default:
                    return;
            }

            // An interrupt is lost where the prompt has not begun yet, and takes its time where a node does not look: asked again until it is over.
            await Task.Delay(_options.PollInterval, _time, cancellationToken);
        }
    }

    public async Task<ConnectorResult> Fetch(IJobContext job, WorkMark mark, ComfyWork completed, CancellationToken cancellationToken)
    {
        var result = await new ComfyOutputs(_http, job, _options, _time).Fetch(completed, cancellationToken);
        // The server answers the same prompt from its cache, and its files may have been deleted since: it has to make them anew.
        if (result is FailedResult { Reason: "output_missing" })
            await _http.Free(cancellationToken);
        return result;
    }

    public async Task<FailedResult> AfterFailure(FailedResult failure, CancellationToken cancellationToken)
    {
        if (Supervisor is { } supervisor)
        {
            failure = new(failure.Evidence with { ServiceLog = supervisor.LastLines() });
            // After such an error all that follows in the same process fails too.
            if (failure.Reason == FailureReason.GpuError)
                supervisor.Restart(failure.Message);
        }

        if (failure.Class == FailureClass.ResourceExhaustion)
            await _http.Free(cancellationToken);
        return failure;
    }

    public void Leave(string externalId)
    {
        _known.TryRemove(externalId, out _);
        // Closing waits for the listener; nobody has to wait for that.
        if (_sockets.TryRemove(externalId, out var socket))
            _ = socket.DisposeAsync().AsTask();
    }

    public async ValueTask DisposeAsync()
    {
        if (Supervisor is not null)
            await Supervisor.DisposeAsync();
        foreach (var externalId in _sockets.Keys)
            Leave(externalId);
        _http.Dispose();
    }

    /// <summary>What is known of the server in its present boot.</summary>
    private async Task<ComfyFacts> Facts(CancellationToken cancellationToken)
    {
        var boot = await _boot.Mark(cancellationToken);
        if (boot is not null && _facts is { } known && known.Boot == boot)
            return known;
        return _facts = new(boot, await _http.Version(cancellationToken));
    }

    private async Task LearnClasses(ComfyFacts facts, JsonObject workflow, CancellationToken cancellationToken)
    {
        foreach (var type in ComfyWorkflow.ClassesOf(workflow).Where(t => facts.IsOutput(t) is null))
        {
            if (await _http.IsOutput(type, cancellationToken) is { } output)
                facts.Learn(type, output);
        }
    }

    private async Task<Dictionary<string, string>> UploadInputs(IJobContext job, ComfyPayload payload, CancellationToken cancellationToken)
    {
        // A job's id may be "..", or have colons, which no folder on Windows may.
        var folder = $"jobgrid/job-{job.JobId.Replace(':', '_')}";
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, artefact) in payload.Inputs)
        {
            await using var content = await job.Files.OpenInputAsync(artefact, cancellationToken);
            names[name] = $"{folder}/{await _http.Upload(name, folder, "input", content, cancellationToken)}";
        }

        return names;
    }

    /// <returns>The server's id of the prompt, where it is not ours.</returns>
    private async Task<string?> Post(
        IJobContext job, ComfyPayload payload, Dictionary<string, string> names, ComfyFacts facts, string externalId, CancellationToken cancellationToken)
    {
        var workflow = ComfyWorkflow.Marked(payload.Workflow, names, externalId);
        if (ComfyWorkflow.ManifestOf(workflow, facts.IsOutput) is { } manifest)
        {
            using var content = new MemoryStream(manifest.ToBytes(), writable: false);
            await _http.Upload(ComfyManifest.FileName, ComfyWorkflow.FolderOf(externalId), "output", content, cancellationToken);
        }

        var socket = await Listen(payload, Guid.NewGuid().ToString("N"), cancellationToken);
        _sockets[externalId] = socket;
        var extra = (JsonObject?)payload.ExtraData?.DeepClone() ?? [];
        ComfyMark.Put(extra, externalId, job.JobId);
        var prompt = new JsonObject { ["prompt"] = workflow, ["prompt_id"] = externalId, ["client_id"] = socket.ClientId, ["extra_data"] = extra };
        var (status, body, retryAfter) = await _http.Post(JsonSerializer.SerializeToUtf8Bytes(prompt, ComfyJson.Default.JsonObject), cancellationToken);
        if (status != HttpStatusCode.OK)
            await Refused(status, body, retryAfter, facts, payload, cancellationToken);
        var promptId = await Taken(externalId, socket, body, cancellationToken);
        return promptId == externalId ? null : promptId;
    }

    private async Task<ComfySocket> Listen(ComfyPayload payload, string clientId, CancellationToken cancellationToken)
    {
        var nodes = payload.Workflow.ToDictionary(n => n.Key, n => n.Value!["class_type"]!.GetValue<string>(), StringComparer.Ordinal);
        var socket = new ComfySocket(_http.Home, clientId, nodes, _headers, _time);
        await socket.Connect(ListenWithin, cancellationToken);
        return socket;
    }

    private async Task<string> Taken(string externalId, ComfySocket socket, string body, CancellationToken cancellationToken)
    {
        JsonElement answer;
        try
        {
            answer = JsonElement.Parse(body);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{Id}' answered the post with something that is no JSON.", e);
        }

        if (ComfyHistory.TextOf(answer, "prompt_id") is not { } promptId)
            throw new InvalidDataException($"'{Id}' answered the post without a prompt_id.");
        _known[externalId] = (promptId, socket.ClientId);
        socket.Follow(promptId);
        if (!answer.TryGetProperty("node_errors", out var errors) || errors.ValueKind != JsonValueKind.Object || !errors.EnumerateObject().Any())
            return promptId;
        // It has taken the outputs that are right and forgotten the others: a success would lack them.
        await Cancel(new(externalId, promptId), cancellationToken);
        throw new OutsideRefusedException(new(ComfyFailures.OfPost(HttpStatusCode.BadRequest, body, null, Id, _time.GetUtcNow())));
    }

    /// <summary>Throws what the answer says.</summary>
    private async Task Refused(
        HttpStatusCode status, string body, string? retryAfter, ComfyFacts facts, ComfyPayload payload, CancellationToken cancellationToken)
    {
        // Something between may have answered in the server's place: then nobody knows whether it was taken.
        var inTrouble = status == HttpStatusCode.InternalServerError && ComfyFailures.IsInTrouble(body);
        if (!inTrouble && ((int)status >= 500 || status is HttpStatusCode.RequestTimeout || (int)status < 400))
            throw new HttpRequestException($"'{Id}' answered the post with {(int)status}.", null, status);
        // Before 2024 it gets in trouble over a node that it does not have.
        if (inTrouble && ComfyWorkflow.ClassesOf(payload.Workflow).Where(t => facts.IsOutput(t) is null).ToList() is [_, ..] missing)
        {
            await LearnClasses(facts, payload.Workflow, cancellationToken);
            missing.RemoveAll(t => facts.IsOutput(t) is not null);
            if (missing.Count > 0)
                throw new OutsideRefusedException(ComfyFailures.MissingNodes(missing, Id));
        }

        throw new OutsideRefusedException(new(ComfyFailures.OfPost(status, body, retryAfter, Id, _time.GetUtcNow())));
    }

    private async Task LookInHistory(IReadOnlyList<WorkMark> marks, Dictionary<string, ComfyWork> found, CancellationToken cancellationToken)
    {
        foreach (var mark in marks.Where(m => !found.ContainsKey(m.ExternalId)))
        {
            var promptId = PromptIdOf(mark);
            if (await _http.History(promptId, cancellationToken) is { } entry)
                found.Add(mark.ExternalId, Judge(mark.ExternalId, promptId, entry));
        }
    }

    /// <summary>Servers before 0.3.45 give ids of their own: our mark is looked for among the newest prompts.</summary>
    private async Task LookForMarks(IReadOnlyList<WorkMark> marks, Dictionary<string, ComfyWork> found, CancellationToken cancellationToken)
    {
        if (found.Count == marks.Count)
            return;
        var entries = await _http.Histories(HistoryLookedThrough, cancellationToken);
        foreach (var id in marks.Select(m => m.ExternalId).Where(id => !found.ContainsKey(id)))
        {
            var entry = entries.LastOrDefault(e => e.Entry.TryGetProperty("prompt", out var prompt) && ComfyMark.IsItem(prompt) && ComfyMark.IsOf(prompt, id, null));
            if (entry.PromptId is not null)
                found.Add(id, Judge(id, entry.PromptId, entry.Entry));
        }
    }

    /// <summary>After a restart its files are all that a server knows of a prompt.</summary>
    private async Task<ComfyWork?> FindFiles(string externalId, CancellationToken cancellationToken)
    {
        var folder = ComfyWorkflow.FolderOf(externalId);
        if (await _http.Read(ComfyManifest.FileName, folder, "output", cancellationToken) is not { } bytes)
            return null;
        try
        {
            return await new ComfyFiles(_http).Find(externalId, ComfyManifest.Of(bytes), cancellationToken);
        }
        catch (JsonException)
        {
            // Broken off while it was written: nothing was posted after it.
            return null;
        }
    }

    private async Task<bool> Answers(CancellationToken cancellationToken)
    {
        try
        {
            await _http.Version(cancellationToken);
            return true;
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            return false;
        }
    }

    private string PromptIdOf(WorkMark mark) => mark.ServiceId ?? _known.GetValueOrDefault(mark.ExternalId).PromptId ?? mark.ExternalId;

    private ComfyWork Judge(string externalId, string promptId, JsonElement entry) =>
        ComfyHistory.Judge(promptId, entry, _sockets.GetValueOrDefault(externalId)?.End, Id);

    private void Found(string externalId, ComfyWork work, Dictionary<string, ComfyWork> found)
    {
        found.Add(externalId, work);
        _known.TryAdd(externalId, (work.PromptId, work.ClientId));
    }
}

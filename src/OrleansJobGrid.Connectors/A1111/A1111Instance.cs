using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.A1111;

/// <summary>The requests of one server.</summary>
internal sealed class A1111Instance(string id, Uri address, A1111Options options, IReadOnlyDictionary<string, string> headers, TimeProvider time) : IDisposable
{
    private readonly OutsideHttp _http = new(id, address, options.RequestTimeout, time, headers);
    private A1111Facts? _facts;

    public string Id => id;

    /// <summary>What it has; asked once, and again after <see cref="Forget"/>.</summary>
    public async Task<A1111Facts> Facts(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _facts) is { } known)
            return known;
        var schema = await Json("openapi.json", cancellationToken);
        var requests = schema["components"]?["schemas"] as JsonObject
            ?? throw NotA1111("GET openapi.json", "it describes no requests");
        var txt2img = requests.FirstOrDefault(s => s.Key.Contains("ProcessingTxt2Img", StringComparison.Ordinal)).Value
            ?? throw NotA1111("GET openapi.json", "it has no txt2img. Start it with --api");
        var facts = new A1111Facts(txt2img["properties"]?["force_task_id"] is not null, await TellsTasks(cancellationToken), await Models(cancellationToken));
        Volatile.Write(ref _facts, facts);
        return facts;
    }

    /// <summary>It may have been restarted with other options.</summary>
    public void Forget() => Volatile.Write(ref _facts, null);

    /// <summary>What it says of a task.</summary>
    /// <param name="task">The task's id.</param>
    /// <param name="seenPreview">The number of the unfinished picture that was seen last, -1 for none; null: none is wanted. Where one is, it makes one then.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public async Task<A1111Task> Task(string task, int? seenPreview, CancellationToken cancellationToken)
    {
        var asked = new JsonObject { ["id_task"] = task, ["id_live_preview"] = seenPreview ?? -1, ["live_preview"] = seenPreview is not null };
        using var content = new StringContent(asked.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await _http.Ask("internal/progress", content, cancellationToken);
        var said = await Read(answer, "POST internal/progress", cancellationToken);
        return new(Flag(said, "active"), Flag(said, "queued"), Flag(said, "completed"), Number(said, "progress"), Text(said, "textinfo"))
        {
            Preview = PreviewOf(Text(said, "live_preview")),
            PreviewNumber = (int)(Number(said, "id_live_preview") ?? -1),
        };
    }

    /// <summary>Of whatever runs there now: how far it is, whether anything runs, and whether it was interrupted.</summary>
    public async Task<(double Progress, bool Busy, bool Interrupted)> Now(CancellationToken cancellationToken)
    {
        var said = await Json("sdapi/v1/progress?skip_current_image=true", cancellationToken);
        var state = said["state"] as JsonObject ?? throw NotA1111("GET sdapi/v1/progress", "it names no state");
        // -1 while a job loads its model; 0 alone means that nothing runs.
        return (Number(said, "progress") ?? 0, Number(state, "job_count") is not (null or 0), Flag(state, "interrupted"));
    }

    /// <summary>Interrupts whichever runs.</summary>
    public async Task Interrupt(CancellationToken cancellationToken)
    {
        using var answer = await _http.Ask("sdapi/v1/interrupt", null, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw _http.Unexpected(answer);
    }

    /// <summary>Lets it drop the model, so that the next job finds room.</summary>
    public async Task Unload(CancellationToken cancellationToken)
    {
        using var answer = await _http.Ask("sdapi/v1/unload-checkpoint", null, cancellationToken);
        if (!answer.IsSuccessStatusCode && answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed))
            throw _http.Unexpected(answer);
    }

    /// <summary>Begins a job: it has left when this ends, and its answer, which is the work, comes by itself.</summary>
    public async Task<Task<HttpResponseMessage>> Begin(string path, JsonObject body, CancellationToken untilSent, CancellationToken untilAnswered)
    {
        var content = new SentContent(body.ToJsonString());
        var answering = _http.Post(new HttpRequestMessage(HttpMethod.Post, new Uri(_http.Home, path)) { Content = content }, untilAnswered);
        await (await System.Threading.Tasks.Task.WhenAny(answering, content.Sent)).WaitAsync(untilSent);
        return answering;
    }

    /// <summary>What is known of an answer that is no success.</summary>
    public FailureEvidence FailureOf(HttpStatusCode status, string body, string? retryAfter) =>
        FailureEvidence.OfHttp((int)status, body, retryAfter, time.GetUtcNow(), "run") with { Instance = Id };

    public void Dispose() => _http.Dispose();

    private async Task<bool> TellsTasks(CancellationToken cancellationToken)
    {
        using var content = new StringContent("""{"id_task":"task(jobgrid)","id_live_preview":-1,"live_preview":false}""", Encoding.UTF8, "application/json");
        using var answer = await _http.Ask("internal/progress", content, cancellationToken);
        return answer.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.Unauthorized => false,
            _ => Flag(await Read(answer, "POST internal/progress", cancellationToken), "active") is false,
        };
    }

    private async Task<IReadOnlyList<A1111Model>> Models(CancellationToken cancellationToken)
    {
        using var answer = await _http.Get("sdapi/v1/sd-models", cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw _http.Unexpected(answer);
        return await Node(answer, "GET sdapi/v1/sd-models", cancellationToken) is JsonArray models
            ? [.. models.OfType<JsonObject>().Select(m => new A1111Model(Text(m, "title") ?? "", Text(m, "model_name"), Text(m, "hash"), Text(m, "sha256")))]
            : throw NotA1111("GET sdapi/v1/sd-models", "it is no list");
    }

    /// <summary>Reads <c>data:image/png;base64,…</c>; null where it is something else.</summary>
    private static (byte[] Picture, string ContentType)? PreviewOf(string? dataUri)
    {
        if (dataUri?.Split(["data:", ";base64,"], StringSplitOptions.None) is not ["", var type, var base64])
            return null;
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var written) ? (bytes[..written], type) : null;
    }

    private async Task<JsonObject> Json(string path, CancellationToken cancellationToken)
    {
        using var answer = await _http.Get(path, cancellationToken);
        return await Read(answer, $"GET {path.Split('?')[0]}", cancellationToken);
    }

    private async Task<JsonObject> Read(HttpResponseMessage answer, string request, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
            throw _http.Unexpected(answer);
        return await Node(answer, request, cancellationToken) as JsonObject ?? throw NotA1111(request, "its JSON is no object");
    }

    private async Task<JsonNode?> Node(HttpResponseMessage answer, string request, CancellationToken cancellationToken)
    {
        try
        {
            return JsonNode.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (JsonException)
        {
            throw NotA1111(request, $"it is no JSON but {answer.Content.Headers.ContentType?.MediaType ?? "something without a type"}");
        }
    }

    private InvalidDataException NotA1111(string request, string why) =>
        new($"'{Id}' at {_http.Home.Scheme}://{_http.Home.Authority} did not answer {request} as AUTOMATIC1111 does: {why}. Check its address in JobGrid:A1111:Instances.");

    private static bool Flag(JsonObject from, string name) => from[name] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    private static double? Number(JsonObject from, string name) => from[name] is JsonValue value && value.TryGetValue(out double number) ? number : null;

    private static string? Text(JsonObject from, string name) => from[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}

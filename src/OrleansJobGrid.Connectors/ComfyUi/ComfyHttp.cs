using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// The requests of ComfyUI's HTTP interface, without the prefix <c>/api</c> where a version may lack it, and never with an <c>Origin</c>,
/// which some versions refuse.
/// </summary>
internal sealed class ComfyHttp(OutsideHttp http) : IDisposable
{
    private const int MaxTextBytes = 1 << 20;

    /// <summary>Nodes that load models, with the field that names one.</summary>
    private static readonly (string Loader, string Field)[] Loaders =
    [
        ("CheckpointLoaderSimple", "ckpt_name"), ("UNETLoader", "unet_name"), ("LoraLoader", "lora_name"), ("VAELoader", "vae_name"), ("ControlNetLoader", "control_net_name"),
    ];

    public string Id => http.Id;

    public Uri Home => http.Home;

    /// <summary>What it says of itself.</summary>
    public async Task<ComfyVersion> Version(CancellationToken cancellationToken)
    {
        var stats = await Json("system_stats", cancellationToken);
        return stats.TryGetProperty("system", out var system) && system.ValueKind == JsonValueKind.Object
            ? ComfyVersion.Of(ComfyHistory.TextOf(system, "comfyui_version"))
            : throw NotComfyUi("GET system_stats", "it names no system");
    }

    public async Task<ComfyQueue> Queue(CancellationToken cancellationToken) => new(await Json("queue", cancellationToken));

    /// <summary>The entry of a prompt; null: it waits, runs, or is not known.</summary>
    public async Task<JsonElement?> History(string promptId, CancellationToken cancellationToken)
    {
        var history = await Json($"history/{Uri.EscapeDataString(promptId)}", cancellationToken);
        return history.TryGetProperty(promptId, out var entry) ? entry : null;
    }

    /// <summary>The newest entries, whole prompts included.</summary>
    public async Task<IReadOnlyList<(string PromptId, JsonElement Entry)>> Histories(int most, CancellationToken cancellationToken) =>
        [.. (await Json($"history?max_items={most}", cancellationToken)).EnumerateObject().Select(e => (e.Name, e.Value))];

    /// <summary>Whether nodes of a class make outputs; null: it does not know the class.</summary>
    public async Task<bool?> IsOutput(string classType, CancellationToken cancellationToken)
    {
        var info = await Json($"object_info/{Uri.EscapeDataString(classType)}", cancellationToken);
        return info.TryGetProperty(classType, out var node) ? node.TryGetProperty("output_node", out var output) && output.ValueKind == JsonValueKind.True : null;
    }

    /// <summary>The checkpoints, diffusion models, LoRAs, VAEs and control nets that it has, as workflows name them, each once.</summary>
    public async Task<IReadOnlyList<string>> Models(CancellationToken cancellationToken)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (loader, field) in Loaders)
            names.UnionWith(Choices(await Json($"object_info/{loader}", cancellationToken), loader, field));
        return [.. names];
    }

    /// <summary>What a field of a node may be: <c>[["a", "b"], …]</c>, or of newer nodes <c>["COMBO", {"options": ["a", "b"]}]</c>.</summary>
    private static IEnumerable<string> Choices(JsonElement info, string type, string field)
    {
        if (!info.TryGetProperty(type, out var node) || !node.TryGetProperty("input", out var input) || !input.TryGetProperty("required", out var required)
            || !required.TryGetProperty(field, out var said) || said.ValueKind != JsonValueKind.Array || said.GetArrayLength() == 0)
        {
            return [];
        }

        var choices = said[0];
        if (choices.ValueKind == JsonValueKind.String && said.GetArrayLength() > 1 && said[1].ValueKind == JsonValueKind.Object && said[1].TryGetProperty("options", out var options))
            choices = options;
        return choices.ValueKind == JsonValueKind.Array ? choices.EnumerateArray().Where(c => c.ValueKind == JsonValueKind.String).Select(c => c.GetString()!) : [];
    }

    /// <summary>A file's bytes, at most 1 MB; null: it is not there.</summary>
    public async Task<byte[]?> Read(string file, string folder, string type, CancellationToken cancellationToken)
    {
        using var answer = await http.Get(ViewOf(file, folder, type), cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        if (!answer.IsSuccessStatusCode)
            throw http.Unexpected(answer);
        var bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return bytes.Length <= MaxTextBytes ? bytes : throw new InvalidDataException($"'{file}' at '{Id}' is not what was written there.");
    }

    /// <summary>Opens a file; null: it is not there.</summary>
    public async Task<HttpResponseMessage?> Open(string file, string folder, string type, CancellationToken cancellationToken)
    {
        var answer = await http.Open(new(http.Home, ViewOf(file, folder, type)), cancellationToken);
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            return answer.StatusCode == HttpStatusCode.NotFound ? null : throw http.Unexpected(answer);
    }

    /// <summary>Uploads a file.</summary>
    /// <returns>How the server calls it: another name, where one with other bytes had this one.</returns>
    public async Task<string> Upload(string file, string folder, string type, Stream content, CancellationToken cancellationToken)
    {
        using var form = new MultipartFormDataContent();
        var image = new StreamContent(content);
        image.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        form.Add(image, "image", file);
        form.Add(new StringContent(folder), "subfolder");
        form.Add(new StringContent(type), "type");
        using var answer = await http.Ask("upload/image", form, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.RequestEntityTooLarge)
        {
            throw new OutsideRefusedException(new(
                FailureClass.Malformed, FailureReason.PayloadTooLarge, $"payload.inputs.{file} is larger than '{Id}' takes (--max-upload-size, 100 MB by default).", null));
        }

        if (!answer.IsSuccessStatusCode)
            throw http.Unexpected(answer);
        var said = await Json(answer, "POST upload/image", cancellationToken);
        return ComfyHistory.TextOf(said, "name") ?? throw NotComfyUi("POST upload/image", "it names no file");
    }

    /// <summary>Posts a prompt. The body is sent as it is, and the answer not judged.</summary>
    public async Task<(HttpStatusCode Status, string Body, string? RetryAfter)> Post(byte[] prompt, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(prompt);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await http.Post("prompt", content, cancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken), answer.Headers.RetryAfter?.ToString());
    }

    /// <summary>Takes a prompt from those that wait; says nothing of whether it was there.</summary>
    public Task Delete(string promptId, CancellationToken cancellationToken) => Tell("queue", $$"""{"delete":[{{JsonText(promptId)}}]}""", cancellationToken);

    /// <summary>Interrupts a prompt; before 0.3.57 whichever runs.</summary>
    public Task Interrupt(string promptId, CancellationToken cancellationToken) => Tell("interrupt", $$"""{"prompt_id":{{JsonText(promptId)}}}""", cancellationToken);

    /// <summary>Cancels a prompt wherever it is; from 0.26.</summary>
    public Task CancelJob(string promptId, CancellationToken cancellationToken) => Tell($"api/jobs/{Uri.EscapeDataString(promptId)}/cancel", "{}", cancellationToken);

    /// <summary>Lets it drop its models and what its nodes made, which it does when it next has nothing else to do. Before 2024 it cannot.</summary>
    public async Task Free(CancellationToken cancellationToken)
    {
        using var content = new StringContent("""{"unload_models":true,"free_memory":true}""", Encoding.UTF8, "application/json");
        using var answer = await http.Ask("free", content, cancellationToken);
        if (!answer.IsSuccessStatusCode && answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed))
            throw http.Unexpected(answer);
    }

    public void Dispose() => http.Dispose();

    private static string ViewOf(string file, string folder, string type) =>
        $"view?filename={Uri.EscapeDataString(file)}&subfolder={Uri.EscapeDataString(folder)}&type={type}";

    private static string JsonText(string text) => JsonSerializer.Serialize(text, ComfyJson.Default.String);

    private async Task Tell(string path, string body, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.Ask(path, content, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw http.Unexpected(answer);
    }

    private async Task<JsonElement> Json(string path, CancellationToken cancellationToken)
    {
        using var answer = await http.Get(path, cancellationToken);
        return answer.IsSuccessStatusCode ? await Json(answer, $"GET {path.Split('?', '/')[0]}", cancellationToken) : throw http.Unexpected(answer);
    }

    private async Task<JsonElement> Json(HttpResponseMessage answer, string request, CancellationToken cancellationToken)
    {
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : throw NotComfyUi(request, "its JSON is no object");
        }
        catch (JsonException)
        {
            throw NotComfyUi(request, $"it is no JSON but {answer.Content.Headers.ContentType?.MediaType ?? "something without a type"}");
        }
    }

    private InvalidDataException NotComfyUi(string request, string why) =>
        new($"'{Id}' at {http.Home.Scheme}://{http.Home.Authority} did not answer {request} as ComfyUI does: {why}. Check its address in JobGrid:ComfyUi:Instances.");
}

using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OrleansJobGrid.TestService.ComfyUi;

/// <summary>A server that answers as ComfyUI does, with the differences of its versions, and executes a few nodes that need no model.</summary>
public sealed partial class ComfyServer : IAsyncDisposable
{
    private const string InTrouble = "500 Internal Server Error\n\nServer got itself in trouble";
    private const long LargestBody = 100L << 20;

    private readonly ComfyEdition _edition;
    private readonly ComfyFolder _folder;
    private WebApplication? _app;
    private ComfyEngine _engine = null!;
    private ComfySockets _sockets = null!;

    private ComfyServer(ComfyEdition edition, string folder, ComfyKnobs knobs)
    {
        (_edition, Folder, _folder, Knobs) = (edition, folder, new(folder), knobs);
    }

    /// <summary>Where it listens; the same after a restart.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>The folder with <c>input</c>, <c>output</c> and <c>temp</c>.</summary>
    public string Folder { get; }

    /// <summary>What a test sees and turns.</summary>
    public ComfyKnobs Knobs { get; }

    /// <summary>Client ids of sockets, in the order of their coming, since the start.</summary>
    public IReadOnlyCollection<string> SocketsCame => [.. _sockets.Came];

    /// <summary>How many prompts wait or run.</summary>
    public int Remaining => _engine.Remaining;

    /// <summary>Starts one.</summary>
    /// <param name="edition">Its version.</param>
    /// <param name="folder">Where its files go.</param>
    /// <param name="knobs">What a test turns; null: none.</param>
    /// <param name="port">Where it listens; 0: at a free one.</param>
    public static async Task<ComfyServer> StartAsync(ComfyEdition edition, string folder, ComfyKnobs? knobs = null, int port = 0)
    {
        var server = new ComfyServer(edition, folder, knobs ?? new()) { Url = new($"http://127.0.0.1:{port}") };
        await server.LaunchAsync();
        return server;
    }

    /// <summary>Ends and starts again: queue and history are gone, <c>temp</c> is wiped, numbers begin at 0.</summary>
    public async Task RestartAsync()
    {
        await VanishAsync();
        await LaunchAsync();
    }

    /// <summary>Is gone for everybody.</summary>
    public async Task VanishAsync()
    {
        if (_app is null)
            return;
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _engine.DisposeAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>Starts again after <see cref="VanishAsync"/>.</summary>
    public async Task LaunchAsync()
    {
        _folder.WipeTemp();
        (_sockets, _engine) = (new(_edition.HasFeatures), null!);
        _engine = new(_edition, _folder, _sockets, Knobs);
        _engine.Start();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, Url.Port);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Use(Gate);
        Map("");
        if (_edition.HasApiPrefix)
            Map("/api");
        if (_edition.HasJobs)
            _app.MapPost("/api/jobs/{id}/cancel", (string id) => Results.Json(new JsonObject { ["cancelled"] = _engine.Delete(id) || IsRunning(id) && _engine.Interrupt(id) }));
        await _app.StartAsync();
        Url = new(_app.Urls.Single());
    }

    /// <summary>Cuts all WebSockets.</summary>
    public void CutSockets() => _sockets.Cut();

    /// <summary>Posts a prompt as somebody else would.</summary>
    public void EnqueueForeign(string id, JsonObject prompt, string? clientId) =>
        _engine.Enqueue(id, (JsonObject)JsonNode.Parse(prompt.ToJsonString())!, clientId is null ? [] : new() { ["client_id"] = clientId }, [.. prompt.Where(n => ComfyNodes.IsOutput(n.Value!["class_type"]!.GetValue<string>())).Select(n => n.Key)]);

    /// <summary>Whether a prompt is in the history, by its id here.</summary>
    public JsonObject HistoryOf(string? id = null) => _engine.History(id, null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await VanishAsync();

    private bool IsRunning(string id) => _engine.Queue()["queue_running"]!.AsArray().Any(i => i![1]!.GetValue<string>() == id);

    private async Task Gate(HttpContext http, RequestDelegate next)
    {
        var (method, path) = (http.Request.Method, http.Request.Path.Value ?? "");
        Knobs.Requests.Enqueue($"{method} {path}");
        var cut = Knobs.OnRequest(method, path);
        if (cut == ComfyCut.Request)
        {
            http.Abort();
            return;
        }

        if (cut == ComfyCut.Answer)
        {
            var (body, answer) = (http.Response.Body, new MemoryStream());
            http.Response.Body = answer;
            await next(http);
            http.Response.Body = body;
            http.Abort();
            return;
        }

        await next(http);
    }

    private void Map(string prefix)
    {
        var app = _app!;
        app.MapGet($"{prefix}/ws", Listen);
        app.MapGet($"{prefix}/system_stats", () => Results.Json(SystemStats()));
        app.MapGet($"{prefix}/queue", () => Results.Json(_engine.Queue()));
        app.MapGet($"{prefix}/history", (int? max_items) => Results.Json(_engine.History(null, max_items)));
        app.MapGet($"{prefix}/history/{{id}}", (string id) => Results.Json(_engine.History(id, null)));
        app.MapGet($"{prefix}/object_info/{{type}}", (string type) => Results.Json(ComfyNodes.Knows(type) ? new JsonObject { [type] = ComfyNodes.Info(type, Knobs.Checkpoints) } : []));
        app.MapGet($"{prefix}/view", View);
        app.MapPost($"{prefix}/upload/image", (Delegate)Upload);
        app.MapPost($"{prefix}/prompt", (Delegate)Prompt);
        app.MapPost($"{prefix}/queue", async (HttpContext http) =>
        {
            foreach (var id in (await Body(http))?["delete"]?.AsArray() ?? [])
                _engine.Delete(id!.GetValue<string>());
            return Results.Ok();
        });
        app.MapPost($"{prefix}/interrupt", async (HttpContext http) =>
        {
            _engine.Interrupt((await Body(http))?["prompt_id"]?.GetValue<string>());
            return Results.Ok();
        });
        if (_edition.HasFree)
        {
            app.MapPost($"{prefix}/free", async (HttpContext http) =>
            {
                if ((await Body(http))?["free_memory"]?.GetValue<bool>() == true)
                    _engine.Free();
                return Results.Ok();
            });
        }
    }

    private JsonObject SystemStats()
    {
        var system = new JsonObject { ["os"] = "posix", ["python_version"] = "3.11", ["embedded_python"] = false };
        if (_edition.Version is { } version)
            system["comfyui_version"] = version;
        return new() { ["system"] = system, ["devices"] = new JsonArray(new JsonObject { ["name"] = "cpu", ["type"] = "cpu", ["index"] = null }) };
    }

    private async Task Listen(HttpContext http)
    {
        var socket = await http.WebSockets.AcceptWebSocketAsync();
        var id = http.Request.Query["clientId"].ToString() is { Length: > 0 } given ? given : Guid.NewGuid().ToString("N");
        var hello = new JsonObject { ["type"] = "status", ["data"] = new JsonObject { ["status"] = new JsonObject { ["exec_info"] = new JsonObject { ["queue_remaining"] = _engine.Remaining } }, ["sid"] = id } };
        await _sockets.Serve(socket, id, hello, _engine.RunningNode, http.RequestAborted);
    }

    private IResult View(string? filename, string? subfolder, string? type)
    {
        if (string.IsNullOrEmpty(filename))
            return Results.NotFound();
        if (filename.StartsWith('/') || filename.Contains("..", StringComparison.Ordinal))
            return Results.BadRequest();
        if (_folder.PathOf(type ?? "output", subfolder ?? "", filename) is not { } path)
            return Results.BadRequest();
        return File.Exists(path) ? Results.File(File.ReadAllBytes(path), "application/octet-stream", filename) : Results.NotFound();
    }

    private async Task<IResult> Upload(HttpContext http)
    {
        if (http.Request.ContentLength > LargestBody)
            return TooLarge();
        var form = await http.Request.ReadFormAsync();
        if (form.Files["image"] is not { FileName.Length: > 0 } file)
            return Results.BadRequest();
        var (subfolder, type) = (form["subfolder"].ToString(), form["type"].ToString() is { Length: > 0 } given ? given : "input");
        if (_folder.PathOf(type, subfolder, file.FileName) is not { } path)
            return Results.BadRequest();
        using var content = new MemoryStream();
        await file.CopyToAsync(content);
        return Results.Json(new JsonObject { ["name"] = _folder.Upload(path, content.ToArray(), _edition.SameBytesSameName), ["subfolder"] = subfolder, ["type"] = type });
    }

    private async Task<IResult> Prompt(HttpContext http)
    {
        if (http.Request.ContentLength > LargestBody)
            return TooLarge();
        if (http.Request.Headers.ContainsKey("Origin"))
            return Results.StatusCode(403);
        if (await Body(http) is not JsonObject body)
            return Results.Text(InTrouble, "text/plain", statusCode: 500);
        if (body["prompt"] is null)
            return _edition.ErrorObjects ? Refuse("no_prompt", "No prompt provided", "No prompt provided") : Results.Json(new JsonObject { ["error"] = "no prompt", ["node_errors"] = new JsonArray() }, statusCode: 400);
        if (body["prompt"] is not JsonObject prompt)
            return Results.Text(InTrouble, "text/plain", statusCode: 500);
        var id = Guid.NewGuid().ToString("D");
        if (_edition.TakesIds && body["prompt_id"] is { } given)
        {
            id = given.GetValue<string>();
            if (_edition.StrictIds && !LowercaseUuid().IsMatch(id))
                return Refuse("invalid_prompt_id", "prompt_id must be a valid UUID", "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one");
        }

        foreach (var (node, value) in prompt)
        {
            if (ComfyNodes.Knows(value!["class_type"]!.GetValue<string>()))
                continue;
            return UnknownNode(node, value["class_type"]!.GetValue<string>());
        }

        return Validated(id, prompt, body);
    }

    private IResult Validated(string id, JsonObject prompt, JsonObject body)
    {
        var outputs = prompt.Where(n => ComfyNodes.IsOutput(n.Value!["class_type"]!.GetValue<string>())).Select(n => n.Key).ToList();
        if (outputs.Count == 0)
            return Refuse("prompt_no_outputs", "Prompt has no outputs", "");
        var nodeErrors = new JsonObject();
        var good = new List<string>();
        foreach (var output in outputs)
        {
            var wrong = new HashSet<string>();
            Collect(prompt, output, wrong, nodeErrors, output);
            if (wrong.Count == 0)
                good.Add(output);
        }

        if (good.Count == 0)
            return Refuse("prompt_outputs_failed_validation", "Prompt outputs failed validation", "", nodeErrors);
        var extra = body["extra_data"] is JsonObject given ? (JsonObject)given.DeepClone() : [];
        if (body["client_id"] is { } client)
            extra["client_id"] = client.DeepClone();
        var number = _engine.Enqueue(id, (JsonObject)prompt.DeepClone(), extra, good);
        // Where some outputs are right the others are forgotten, and it says so beside its yes.
        return Results.Json(new JsonObject { ["prompt_id"] = id, ["number"] = number, ["node_errors"] = NoneAs(nodeErrors) });
    }

    private void Collect(JsonObject prompt, string node, HashSet<string> wrong, JsonObject nodeErrors, string output)
    {
        var at = (JsonObject)prompt[node]!;
        var errors = ComfyNodes.Validate(prompt, at, Knobs.Checkpoints, _folder.HasInput);
        if (errors.Count > 0)
        {
            wrong.Add(node);
            nodeErrors[node] = new JsonObject
            {
                ["errors"] = new JsonArray([.. errors]),
                ["dependent_outputs"] = new JsonArray(output),
                ["class_type"] = at["class_type"]!.DeepClone(),
            };
        }

        foreach (var (_, value) in at["inputs"] as JsonObject ?? [])
        {
            if (ComfyNodes.IsLink(value) && prompt.ContainsKey(value![0]!.GetValue<string>()))
                Collect(prompt, value[0]!.GetValue<string>(), wrong, nodeErrors, output);
        }
    }

    private IResult UnknownNode(string node, string type)
    {
        if (_edition.NamesMissingNodes)
            return Refuse("missing_node_type", $"Node '{type}' not found. The custom node may not be installed.", $"Node ID '#{node}'",
                extra: new() { ["node_id"] = node, ["class_type"] = type, ["node_title"] = type });
        return _edition.HasStatus
            ? Refuse("invalid_prompt", $"Cannot execute because node {type} does not exist.", $"Node ID '#{node}'")
            : Results.Text(InTrouble, "text/plain", statusCode: 500);
    }

    private IResult Refuse(string type, string message, string details, JsonObject? nodeErrors = null, JsonObject? extra = null) => Results.Json(
        new JsonObject
        {
            ["error"] = new JsonObject { ["type"] = type, ["message"] = message, ["details"] = details, ["extra_info"] = extra ?? [] },
            ["node_errors"] = NoneAs(nodeErrors ?? []),
        },
        statusCode: 400);

    private static IResult TooLarge() => Results.Text("Maximum request body size 104857600 exceeded", "text/plain", statusCode: 413);

    private JsonNode NoneAs(JsonObject nodeErrors) => nodeErrors.Count > 0 || _edition.ErrorObjects ? nodeErrors : new JsonArray();

    private static async Task<JsonNode?> Body(HttpContext http)
    {
        try
        {
            return await JsonNode.ParseAsync(http.Request.Body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    private static partial Regex LowercaseUuid();
}

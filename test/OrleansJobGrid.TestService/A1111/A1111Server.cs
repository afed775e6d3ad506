using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.TestService.A1111;

/// <summary>
/// A server that answers as AUTOMATIC1111 does: one task at a time, in the server's own thread whether its client is still there or not. A prompt
/// <c>fails</c> or <c>oom</c> raises while it generates.
/// </summary>
public sealed class A1111Server(A1111Edition edition) : IAsyncDisposable
{
    /// <summary>A PNG of one pixel.</summary>
    public const string Picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private const int FinishedKept = 16;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<string> _pending = [];
    private readonly List<string> _finished = [];
    private WebApplication? _app;
    private TaskCompletionSource _gate = Opened();
    private TaskCompletionSource _loaded = Opened();
    private TaskCompletionSource _interrupt = new();
    private bool _loading;
    private string? _current;
    private bool _busy;
    private bool _interrupted;
    private int _begun;

    /// <summary>Where it listens; the same after a restart.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>Models by title.</summary>
    public List<string> Models { get; } = ["sd15.safetensors [6ce0161689]", "sdxl.safetensors [31e35c80fc]"];

    /// <summary>Bodies of the requests that began.</summary>
    public ConcurrentQueue<JsonObject> Bodies { get; } = new();

    /// <summary>Each request's path.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>How many began.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>How many wait or run.</summary>
    public int Live
    {
        get
        {
            lock (_lock)
                return _pending.Count + (_busy ? 1 : 0);
        }
    }

    /// <summary>What it answers in place of pictures; null: pictures.</summary>
    public Func<HttpContext, Task<bool>>? OnAnswer { get; set; }

    /// <summary>Work does not end before <see cref="Release"/>, but for an interrupt.</summary>
    public void Hold() => _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is held goes on.</summary>
    public void Release() => _gate.TrySetResult();

    /// <summary>Work begins with its model, and goes on when <see cref="Load"/> is called.</summary>
    public void HoldLoading() => _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The model is there.</summary>
    public void Load() => _loaded.TrySetResult();

    /// <summary>Starts, with nothing known of any task.</summary>
    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.WebHost.UseUrls(Url.ToString());
        _app = builder.Build();
        _app.Use((http, next) =>
        {
            Requests.Enqueue(http.Request.Path);
            return next(http);
        });
        _app.MapGet("/openapi.json", () => Json(new JsonObject
        {
            ["components"] = new JsonObject
            {
                ["schemas"] = new JsonObject { ["StableDiffusionProcessingTxt2Img"] = new JsonObject { ["properties"] = Properties() } },
            },
        }));
        _app.MapGet("/sdapi/v1/sd-models", () => Json(new JsonArray([.. Models.Select(ModelOf)])));
        _app.MapGet("/sdapi/v1/progress", Progress);
        _app.MapPost("/sdapi/v1/interrupt", Interrupt);
        _app.MapPost("/sdapi/v1/unload-checkpoint", () => Json(new JsonObject()));
        _app.MapPost("/sdapi/v1/txt2img", Generate);
        _app.MapPost("/sdapi/v1/img2img", Generate);
        _app.MapPost("/sdapi/v1/extra-single-image", Generate);
        if (edition.HasInternal)
            _app.MapPost("/internal/progress", (Delegate)TaskOf);
        await _app.StartAsync();
        Url = new(_app.Urls.Single());
    }

    /// <summary>Ends and starts again: tasks are forgotten.</summary>
    public async Task RestartAsync()
    {
        await EndAsync();
        lock (_lock)
        {
            _pending.Clear();
            _finished.Clear();
            (_current, _busy) = (null, false);
        }

        await ListenAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Load();
        Release();
        await EndAsync();
        _turn.Dispose();
    }

    /// <summary>Somebody presses the button.</summary>
    public IResult Interrupt()
    {
        lock (_lock)
        {
            if (_busy)
            {
                _interrupted = true;
                _interrupt.TrySetResult();
            }
        }

        return Json(new JsonObject());
    }

    private static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }

    private static IResult Json(JsonNode node, int status = 200) => Results.Text(node.ToJsonString(), "application/json", statusCode: status);

    private static JsonObject Error(string type, string detail, string errors) => new() { ["error"] = type, ["detail"] = detail, ["body"] = "", ["errors"] = errors };

    private static JsonNode ModelOf(string title) => new JsonObject
    {
        ["title"] = title,
        ["model_name"] = title.Split('.')[0],
        ["hash"] = title.Split('[', ']')[1],
        ["sha256"] = $"{title.Split('[', ']')[1]}0000",
        ["filename"] = $"/models/{title.Split(' ')[0]}",
    };

    private JsonObject Properties()
    {
        var properties = new JsonObject { ["prompt"] = new JsonObject(), ["steps"] = new JsonObject() };
        if (edition.TakesIds)
            properties["force_task_id"] = new JsonObject();
        return properties;
    }

    private async Task EndAsync()
    {
        if (_app is null)
            return;
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    private IResult Progress()
    {
        lock (_lock)
        {
            return Json(new JsonObject
            {
                ["progress"] = _busy ? 0.4 : 0,
                ["state"] = new JsonObject { ["interrupted"] = _interrupted, ["job"] = _busy ? "scripts_txt2img" : "", ["job_count"] = _loading ? -1 : _busy ? 1 : 0 },
                ["current_image"] = null,
            });
        }
    }

    private async Task<IResult> TaskOf(HttpContext http)
    {
        var asked = (await JsonNode.ParseAsync(http.Request.Body))!;
        var (id, previews) = (asked["id_task"]!.GetValue<string>(), asked["live_preview"]!.GetValue<bool>());
        lock (_lock)
        {
            // A failed task is still the current one until another begins.
            var (active, queued, completed) = (_current == id, _pending.Contains(id), _finished.Contains(id));
            return Json(new JsonObject
            {
                ["active"] = active,
                ["queued"] = queued,
                ["completed"] = completed,
                ["progress"] = active ? 0.4 : null,
                ["eta"] = null,
                ["textinfo"] = queued ? "In queue: 1/1" : active ? "Sampling step 4/10" : "Waiting...",
                // One that was seen is not sent again.
                ["live_preview"] = active && previews && asked["id_live_preview"]!.GetValue<int>() != 4 ? "data:image/png;base64,cHJldmlldw==" : null,
                ["id_live_preview"] = active && previews ? 4 : -1,
            });
        }
    }

    private async Task Generate(HttpContext http)
    {
        JsonObject body;
        try
        {
            body = (JsonObject)(await JsonNode.ParseAsync(http.Request.Body))!;
        }
        catch (JsonException)
        {
            http.Response.StatusCode = 422;
            return;
        }

        if (Refusal(body) is { } refusal)
        {
            await refusal.ExecuteAsync(http);
            return;
        }

        var task = edition.TakesIds && body["force_task_id"]?.GetValue<string>() is { } forced ? forced : $"task({Guid.NewGuid():N})";
        lock (_lock)
            _pending.Add(task);
        // In the server's thread: that its client is gone is not noticed.
        var answer = await Task.Run(() => Run(task, body));
        if (OnAnswer is not null && await OnAnswer(http))
            return;
        await answer.ExecuteAsync(http);
    }

    private IResult? Refusal(JsonObject body)
    {
        if (body["sampler_name"]?.GetValue<string>() == "no-such")
            return Json(Error("HTTPException", "Sampler not found", ""), 404);
        if (body["width"] is JsonValue width && width.GetValueKind() != JsonValueKind.Number)
        {
            return Json(new JsonObject
            {
                ["detail"] = new JsonArray(new JsonObject { ["loc"] = new JsonArray("body", "width"), ["msg"] = "value is not a valid integer", ["type"] = "type_error.integer" }),
            }, 422);
        }

        return null;
    }

    private async Task<IResult> Run(string task, JsonObject body)
    {
        await _turn.WaitAsync();
        try
        {
            Task interrupt;
            lock (_lock)
            {
                _pending.Remove(task);
                (_current, _busy, _interrupted, _interrupt) = (task, true, false, new(TaskCreationOptions.RunContinuationsAsynchronously));
                interrupt = _interrupt.Task;
            }

            Interlocked.Increment(ref _begun);
            Bodies.Enqueue(body);
            lock (_lock)
                _loading = true;
            await Task.WhenAny(_loaded.Task, interrupt);
            lock (_lock)
                _loading = false;
            await Task.WhenAny(_gate.Task, interrupt);
            var result = Result(body);
            lock (_lock)
            {
                _busy = false;
                if (result.Failed)
                    return result.Answer;
                _current = null;
                _finished.Add(task);
                if (_finished.Count > FinishedKept)
                    _finished.RemoveAt(0);
            }

            return result.Answer;
        }
        finally
        {
            _turn.Release();
        }
    }

    private (IResult Answer, bool Failed) Result(JsonObject body)
    {
        switch (body["prompt"]?.GetValue<string>())
        {
            case "fails": return (Json(Error("RuntimeError", "", "CUDA error: an illegal memory access was encountered"), 500), true);
            case "oom": return (Json(Error("OutOfMemoryError", "", "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB"), 500), true);
        }

        if (body["override_settings"]?["sd_model_checkpoint"]?.GetValue<string>() is { } model && !Models.Contains(model))
            return (Json(Error("RuntimeError", "", $"Unknown checkpoint: {model}"), 500), true);
        if (body["image"] is not null)
            return (Json(new JsonObject { ["html_info"] = "<p>Upscaler</p>", ["image"] = Picture }), false);
        var pictures = (body["batch_size"]?.GetValue<int>() ?? 1) * (body["n_iter"]?.GetValue<int>() ?? 1);
        var info = new JsonObject
        {
            ["seed"] = 7,
            ["all_seeds"] = new JsonArray([.. Enumerable.Range(7, pictures).Select(s => (JsonNode?)s)]),
            ["infotexts"] = new JsonArray("a cat\nSteps: 10"),
            ["sd_model_name"] = body["override_settings"]?["sd_model_checkpoint"]?.GetValue<string>().Split('.')[0] ?? "sd15",
            ["sd_model_hash"] = "6ce0161689",
        };
        // Where pictures are saved, a sheet of them is too, and comes first.
        var sheet = pictures > 1 && body["save_images"]?.GetValue<bool>() == true ? 1 : 0;
        info["index_of_first_image"] = sheet;
        var images = new JsonArray([.. Enumerable.Range(0, sheet + (_interrupted && pictures > 1 ? pictures - 1 : pictures)).Select(_ => (JsonNode?)Picture)]);
        return (Json(new JsonObject { ["images"] = images, ["parameters"] = new JsonObject(), ["info"] = info.ToJsonString() }), false);
    }
}

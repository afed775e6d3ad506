using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.ConnectorTests.Http;

/// <summary>A service as many are: <c>POST /predictions</c> is answered at once and asked about, <c>POST /run</c> when the work is done.</summary>
internal sealed class PredictionService : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Prediction> _all = new(StringComparer.Ordinal);
    private WebApplication? _app;
    private TaskCompletionSource _gate = Opened();
    private int _begun;

    public string Address { get; private set; } = "";

    public int Begun => Volatile.Read(ref _begun);

    public int Live => _all.Values.Count(p => p.State == "processing");

    public void Hold() => _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _gate.TrySetResult();

    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/health", () => Results.Json(new { ok = true }));
        _app.MapPost("/predictions", async (HttpContext http) => await Take(http) is { } taken ? Results.Json(new { id = taken.Id }, statusCode: 201) : Wrong());
        _app.MapPost("/run", async (HttpContext http) =>
        {
            if (await Take(http) is not { } taken)
                return Wrong();
            await taken.Over.Task;
            return taken.State == "failed" ? Results.Json(new { error = "the device is lost" }, statusCode: 500) : Results.Json(taken.ToJson());
        });
        _app.MapGet("/predictions/{id}", (string id) => Find(id) is { } found ? Results.Json(found.ToJson()) : Results.NotFound());
        _app.MapPost("/predictions/{id}/cancel", (string id) =>
        {
            if (Find(id) is not { } found)
                return Results.NotFound();
            found.End("canceled");
            return Results.Json(new { });
        });
        await _app.StartAsync();
        Address = _app.Urls.Single();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is null)
            return;
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private static IResult Wrong() => Results.Json(new { error = "kind is wrong" }, statusCode: 422);

    private static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }

    private Prediction? Find(string id) => _all.Values.FirstOrDefault(p => p.Id == id || p.Mark == id);

    private async Task<Prediction?> Take(HttpContext http)
    {
        var body = await JsonNode.ParseAsync(http.Request.Body);
        var kind = body?["kind"]?.GetValue<string>();
        if (kind == "wrong")
            return null;
        var prediction = new Prediction($"p{Interlocked.Increment(ref _begun)}", body?["mark"]?.GetValue<string>());
        _all[prediction.Id] = prediction;
        _ = Work(prediction, kind, _gate.Task);
        return prediction;
    }

    private static async Task Work(Prediction prediction, string? kind, Task gate)
    {
        await gate;
        prediction.End(kind == "fails" ? "failed" : "succeeded");
    }

    private sealed class Prediction(string id, string? mark)
    {
        private string _state = "processing";

        public string Id => id;

        public string? Mark => mark;

        public string State => Volatile.Read(ref _state);

        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void End(string state)
        {
            if (Interlocked.CompareExchange(ref _state, state, "processing") == "processing")
                Over.SetResult();
        }

        public JsonObject ToJson() => new() { ["id"] = id, ["status"] = State, ["error"] = State == "failed" ? "the device is lost" : null, ["progress"] = 40, ["output"] = "done" };
    }
}

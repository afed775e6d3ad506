using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;
using OrleansJobGrid.Gateway.Sagas;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>Writes server-sent events (WHATWG HTML, section 9.2) with JSON data in one line.</summary>
internal sealed class ServerSentEvents
{
    public const string ContentType = "text/event-stream";

    private readonly PipeWriter _writer;

    private ServerSentEvents(PipeWriter writer) => _writer = writer;

    public static async Task<ServerSentEvents> BeginAsync(HttpContext context)
    {
        context.Response.ContentType = ContentType;
        context.Response.Headers.CacheControl = "no-store";
        // Proxies of the nginx family would keep the events until their buffer is full.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync(context.RequestAborted);
        return new ServerSentEvents(context.Response.BodyWriter);
    }

    public Task SendAsync(string name, JobDocument job, CancellationToken cancellationToken) =>
        SendAsync(name, job, GatewayJson.Relaxed.JobDocument, cancellationToken);

    public Task SendAsync(string name, JobProgressDocument progress, CancellationToken cancellationToken) =>
        SendAsync(name, progress, GatewayJson.Relaxed.JobProgressDocument, cancellationToken);

    public Task SendAsync(string name, JobPreviewDocument preview, CancellationToken cancellationToken) =>
        SendAsync(name, preview, GatewayJson.Relaxed.JobPreviewDocument, cancellationToken);

    public Task SendAsync(string name, SagaAnswerDocument saga, CancellationToken cancellationToken) =>
        SendAsync(name, saga, GatewayJson.Relaxed.SagaAnswerDocument, cancellationToken);

    public Task SendAsync(string name, GridProblem problem, CancellationToken cancellationToken) =>
        SendAsync(name, problem.ToDocument(), GatewayJson.Relaxed.ProblemDocument, cancellationToken);

    /// <summary>Sends a JSON document of one line, under an id with which the reader can come back.</summary>
    public async Task SendAsync(string name, string id, byte[] document, CancellationToken cancellationToken)
    {
        _writer.Write(Encoding.UTF8.GetBytes($"event: {name}\nid: {id}\ndata: "));
        WriteLine(document);
        _writer.Write("\n\n"u8);
        await _writer.FlushAsync(cancellationToken);
    }

    public async Task KeepAliveAsync(CancellationToken cancellationToken)
    {
        _writer.Write(": still here\n\n"u8);
        await _writer.FlushAsync(cancellationToken);
    }

    private async Task SendAsync<T>(string name, T data, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = type.Options.Encoder }))
            JsonSerializer.Serialize(json, data, type);
        _writer.Write(Encoding.ASCII.GetBytes($"event: {name}\ndata: "));
        WriteLine(buffer.WrittenSpan);
        _writer.Write("\n\n"u8);
        await _writer.FlushAsync(cancellationToken);
    }

    // Line breaks end the data, and in JSON they can only stand between tokens: a payload sent in many lines goes out in one.
    private void WriteLine(ReadOnlySpan<byte> json)
    {
        while (json.IndexOfAny((byte)'\r', (byte)'\n') is >= 0 and var at)
        {
            _writer.Write(json[..at]);
            json = json[(at + 1)..];
        }

        _writer.Write(json);
    }
}

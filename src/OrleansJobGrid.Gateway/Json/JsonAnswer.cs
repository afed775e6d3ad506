using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace OrleansJobGrid.Gateway.Json;

/// <summary>Writes answers from source-generated metadata.</summary>
internal static class JsonAnswer
{
    public const string ContentType = "application/json";

    /// <summary>A small answer, with its length known before the first byte leaves.</summary>
    public static async Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type, string contentType = ContentType)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = type.Options.Encoder }))
            JsonSerializer.Serialize(writer, value, type);
        Begin(context, status, contentType);
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    /// <summary>A large answer, sent while it is written.</summary>
    public static Task StreamAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type)
    {
        Begin(context, status, ContentType);
        return JsonSerializer.SerializeAsync(context.Response.BodyWriter, value, type, context.RequestAborted);
    }

    private static void Begin(HttpContext context, int status, string contentType)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
    }
}

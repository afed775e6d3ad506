using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Hosting;

/// <summary>The parts of a request outside its body.</summary>
internal static class RequestForm
{
    private static readonly string[] NdjsonTypes = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

    /// <summary>
    /// Whether the body is declared as JSON. A declaration is asked for since it is what a page of another origin cannot send
    /// without asking first.
    /// </summary>
    public static bool IsJson(HttpRequest request) => MediaType(request).Equals("application/json", StringComparison.OrdinalIgnoreCase);

    public static bool IsNdjson(HttpRequest request)
    {
        foreach (var type in NdjsonTypes)
            if (MediaType(request).Equals(type, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    /// <summary>The <c>Content-Type</c> without its parameters; empty: none.</summary>
    public static ReadOnlySpan<char> MediaType(HttpRequest request)
    {
        var type = request.ContentType.AsSpan();
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim();
    }

    /// <summary>The <c>Idempotency-Key</c>, 1 to 255 visible ASCII characters; null: none.</summary>
    public static bool TryIdempotencyKey(HttpRequest request, out string? key, out FieldError error)
    {
        const string name = "Idempotency-Key";
        key = null;
        error = default;
        if (!request.Headers.TryGetValue(name, out var values))
            return true;
        if (values is [{ Length: >= 1 and <= 255 } only] && !only.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            key = only;
            return true;
        }

        error = new FieldError(name, "must be given once, with 1 to 255 visible ASCII characters and no spaces");
        return false;
    }
}

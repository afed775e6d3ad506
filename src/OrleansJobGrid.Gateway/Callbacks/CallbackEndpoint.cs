using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.Callbacks;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Callbacks;

/// <summary><c>POST /api/callbacks/{mark}/{signature}</c>: a service says how a job is.</summary>
internal static class CallbackEndpoint
{
    /// <summary>Largest body, bytes.</summary>
    public const int MostBytes = 1 << 20;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/callbacks/{mark}/{signature}", TakeAsync)
            .WithMetadata(BodySize.OwnLimit)
            .Describe("Callbacks", "A service says how a job is", "The address is the one that the service was given with the job. The body, any JSON up to 1 MB, is kept durably before the answer.")
            .TakesBody<JsonElement>(JsonAnswer.ContentType)
            .Answers<CallbackAnswer>(200)
            .Refuses(400, 403, 404, 409, 413);

    public static async Task TakeAsync(string mark, string signature, HttpContext context, IArtefactStore store, IOptions<CallbackOptions> options)
    {
        if (options.Value.Key.Length == 0)
        {
            await GridProblem.NotFound("This gateway takes no callbacks: set JobGrid:Callbacks:Key to the workers' key.").WriteAsync(context);
            return;
        }

        if (!CallbackSignature.IsOf(signature, mark, options.Value.Key))
        {
            await GridProblem.Forbidden("The signature is not that of this mark: call the address that came with the job, as it is.").WriteAsync(context);
            return;
        }

        if (await BodyAsync(context.Request) is not { } body)
            await GridProblem.TooLarge("body", $"is larger than the {MostBytes} bytes allowed for a callback: name large results by their address").WriteAsync(context);
        else if (JsonFault(body) is { } fault)
            await GridProblem.Invalid("body", $"is no JSON: {fault}").WriteAsync(context);
        else if (await new CallbackBox(store).PutAsync(mark, body, context.RequestAborted))
            await JsonAnswer.WriteAsync(context, 200, new CallbackAnswer(true), GatewayJson.Relaxed.CallbackAnswer);
        else
            await GridProblem.TooManyCallbacks($"{CallbackBox.Most} different callbacks about this job are kept, and no more.").WriteAsync(context);
    }

    /// <summary>Null: it is too large.</summary>
    private static async Task<byte[]?> BodyAsync(HttpRequest request)
    {
        if (request.ContentLength > MostBytes)
            return null;
        using var body = new MemoryStream();
        var piece = new byte[16 << 10];
        while (await request.Body.ReadAsync(piece, request.HttpContext.RequestAborted) is > 0 and var read)
        {
            body.Write(piece, 0, read);
            if (body.Length > MostBytes)
                return null;
        }

        return body.ToArray();
    }

    private static string? JsonFault(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return null;
        }
        catch (JsonException e)
        {
            return e.Message;
        }
    }
}

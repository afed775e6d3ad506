using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary><c>POST /api/artefacts</c> and <c>GET /api/artefacts/{id}</c>.</summary>
internal static class ArtefactEndpoints
{
    private const string UploadPrefix = "sha256-";

    private static readonly FileExtensionContentTypeProvider ContentTypes = Types();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/artefacts", UploadAsync)
            .WithMetadata(BodySize.OwnLimit)
            .Describe("Artefacts", "Uploads a file", "The body is the file's bytes. The same bytes give the same id.")
            .TakesBytes()
            .Answers<ArtefactAnswer>(201)
            .Refuses(413, 415, 503);
        routes.MapMethods("/api/artefacts/{**id}", [HttpMethods.Get, HttpMethods.Head], ReadAsync)
            .Describe("Artefacts", "Reads an upload or an output", "Ranges are served. What has an id never changes.")
            .TakesQuery("redirect", "true: answers 302 to a signed link instead, which leads to the bucket where artefacts lie in one")
            .Produces(200, contentType: "application/octet-stream")
            .Produces(206, contentType: "application/octet-stream")
            .Produces(302)
            .Refuses(400, 403, 404, 503);
        LinkEndpoints.Map(routes);
    }

    public static async Task UploadAsync(HttpContext context, IArtefactStore store, IOptions<GatewayOptions> options)
    {
        if (RequestForm.MediaType(context.Request).StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
        {
            await GridProblem.MediaType("send the file's bytes themselves as the body, not a form: curl --data-binary @FILE -H 'Content-Type: application/octet-stream'")
                .WriteAsync(context);
            return;
        }

        var most = options.Value.MaxArtefactBytes;
        if (context.Request.ContentLength > most)
        {
            await TooLarge(most).WriteAsync(context);
            return;
        }

        ArtefactInfo kept;
        try
        {
            kept = await store.UploadAsync(context.Request.Body, most, context.RequestAborted);
        }
        catch (ArtefactTooLargeException)
        {
            await TooLarge(most).WriteAsync(context);
            return;
        }

        context.Response.Headers.Location = "/api/artefacts/" + kept.Artefact;
        await JsonAnswer.WriteAsync(context, 201, new ArtefactAnswer(true, kept.Artefact, kept.Sha256, kept.Size), GatewayJson.Relaxed.ArtefactAnswer);
    }

    public static async Task<IResult> ReadAsync(string? id, HttpContext context, IArtefactStore store, ArtefactLinks links)
    {
        if (string.IsNullOrEmpty(id))
            return Answer(GridProblem.NotFound("There is no artefact without an id: GET /api/artefacts/{artefact}, as named by an upload or in a job's outputs."));
        if (links.RefuseDownload(id, context.Request.Query) is { } refusal)
            return Answer(refusal);
        Stream? content;
        try
        {
            content = await store.OpenReadAsync(id, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            return Answer(GridProblem.Invalid("id", "is not the id of an artefact: " + e.Message));
        }

        if (content is null)
            return Answer(GridProblem.NotFound($"There is no artefact '{GridProblem.Shorten(id)}'."));
        if (context.Request.Query["redirect"] == "true")
        {
            await content.DisposeAsync();
            context.Response.Headers.CacheControl = "no-store";
            return Results.Redirect((await links.DownloadAsync(context.Request, id, null)).Url);
        }

        // Anyone may upload a page: it must not run as one of this origin's.
        context.Response.Headers.ContentSecurityPolicy = "sandbox";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        var type = ContentTypes.TryGetContentType(id, out var known) ? known : "application/octet-stream";
        var tag = id.StartsWith(UploadPrefix, StringComparison.Ordinal) ? new EntityTagHeaderValue($"\"{id[UploadPrefix.Length..]}\"") : null;
        return Results.Stream(content, type, entityTag: tag, enableRangeProcessing: true);
    }

    private static GridProblem TooLarge(long most) =>
        GridProblem.TooLarge("body", $"is larger than the {most} bytes allowed for an artefact: split it, or raise JobGrid:Gateway:MaxArtefactBytes");

    private static IResult Answer(GridProblem problem) => new ProblemResult(problem);

    private static FileExtensionContentTypeProvider Types()
    {
        var types = new FileExtensionContentTypeProvider();
        types.Mappings[".ndjson"] = "application/x-ndjson";
        types.Mappings[".jsonl"] = "application/x-ndjson";
        types.Mappings[".log"] = "text/plain";
        types.Mappings[".avif"] = "image/avif";
        return types;
    }

    private sealed class ProblemResult(GridProblem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => problem.WriteAsync(httpContext);
    }
}

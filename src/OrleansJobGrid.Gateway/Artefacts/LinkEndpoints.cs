using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary><c>POST /api/artefacts/presigned-uploads</c>, <c>POST /api/artefacts/links</c>, and the signed upload to the gateway itself.</summary>
internal static class LinkEndpoints
{
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");
    private static readonly BodyField Lifetime = BodyField.Number("expires_in_seconds", 1, ArtefactOptionsCheck.LongestLink.TotalSeconds);

    private static readonly BodyField[] UploadFields =
    [
        new("sha256", true, "64 lowercase hex digits, the hash of the file", IsHash),
        BodyField.Number("size", 0, long.MaxValue) with { IsRequired = true, Form = "the number of the file's bytes", IsGood = t => long.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out _) },
        Lifetime,
    ];

    private static readonly BodyField[] DownloadFields = [new("artefact", true, "the id of an upload or an output", t => t.Length > 0), Lifetime];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/artefacts/presigned-uploads", SignUploadAsync)
            .Describe("Artefacts", "Makes a link that takes an upload", "Whoever has it may send these very bytes with PUT until it expires, with the headers given. Where artefacts lie in a bucket, they go there directly.")
            .TakesBody<UploadLinkDocument>(JsonAnswer.ContentType)
            .Answers<LinkAnswer>(201).Refuses(400, 413, 415, 503);
        routes.MapPost("/api/artefacts/links", SignDownloadAsync)
            .Describe("Artefacts", "Makes a link that reads an artefact", "Whoever has it may read it until it expires.")
            .TakesBody<DownloadLinkDocument>(JsonAnswer.ContentType)
            .Answers<LinkAnswer>(201).Refuses(400, 404, 413, 415, 503);
        routes.MapPut("/api/artefacts/{**id}", TakeAsync)
            .WithMetadata(BodySize.OwnLimit)
            .Describe("Artefacts", "Takes an upload by a link", "Only with the signature of a link from presigned-uploads. What has another hash or size is not kept.")
            .TakesBytes()
            .Answers<ArtefactAnswer>(201).Refuses(400, 403, 413, 503);
    }

    public static async Task SignUploadAsync(HttpContext context, ArtefactLinks links, IOptions<GatewayOptions> options, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, UploadFields, required: true, context.RequestAborted);
        var problem = body.Problem;
        var size = problem is null ? long.Parse(body.Text("size")!, CultureInfo.InvariantCulture) : 0;
        if (problem is null && size > options.Value.MaxArtefactBytes)
            problem = GridProblem.TooLarge("size", $"is more than the {options.Value.MaxArtefactBytes} bytes allowed for an artefact: split it, or raise JobGrid:Gateway:MaxArtefactBytes");
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var link = await links.UploadAsync(context.Request, body.Text("sha256")!, size, LifetimeOf(body));
        await AnswerAsync(context, "sha256-" + body.Text("sha256"), link, time);
    }

    public static async Task SignDownloadAsync(HttpContext context, ArtefactLinks links, IArtefactStore store, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, DownloadFields, required: true, context.RequestAborted);
        if (body.Problem is { } problem)
        {
            await problem.WriteAsync(context);
            return;
        }

        var id = body.Text("artefact")!;
        try
        {
            await using var content = await store.OpenReadAsync(id, context.RequestAborted);
            await (content is null
                ? GridProblem.NotFound($"There is no artefact '{GridProblem.Shorten(id)}'.").WriteAsync(context)
                : AnswerAsync(context, id, await links.DownloadAsync(context.Request, id, LifetimeOf(body)), time));
        }
        catch (ArgumentException e)
        {
            await GridProblem.Invalid("artefact", "is not the id of an artefact: " + e.Message).WriteAsync(context);
        }
    }

    public static async Task TakeAsync(string? id, HttpContext context, ArtefactLinks links, IArtefactStore store)
    {
        if (links.RefuseUpload(id ?? "", context.Request.Query) is { } refusal)
        {
            await refusal.WriteAsync(context);
            return;
        }

        var size = GatewayLinks.SizeOf(context.Request.Query);
        try
        {
            await using var content = new PromisedStream(context.Request.Body, id!["sha256-".Length..], size);
            var kept = await store.UploadAsync(content, size, context.RequestAborted);
            await JsonAnswer.WriteAsync(context, 201, new ArtefactAnswer(true, kept.Artefact, kept.Sha256, kept.Size), GatewayJson.Relaxed.ArtefactAnswer);
        }
        catch (ArtefactTooLargeException)
        {
            await GridProblem.TooLarge("body", $"is larger than the {size} bytes that the link was made for: nothing was kept").WriteAsync(context);
        }
        catch (BrokenPromiseException e)
        {
            await GridProblem.Invalid("body", e.Message + ": nothing was kept").WriteAsync(context);
        }
    }

    private static TimeSpan? LifetimeOf(BodyReading body) => body.Number("expires_in_seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static Task AnswerAsync(HttpContext context, string artefact, SignedLink link, TimeProvider time)
    {
        context.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.WriteAsync(context, 201, LinkAnswer.Of(artefact, link, time), GatewayJson.Relaxed.LinkAnswer);
    }

    private static bool IsHash(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept(Hex);
}

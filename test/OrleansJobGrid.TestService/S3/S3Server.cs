using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansJobGrid.TestService.S3;

/// <summary>
/// An object store that speaks S3 with path-style addresses on a free loopback port, and verifies every signature, chunk and checksum. It
/// holds one bucket, whose objects lie in a folder.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    public const string Bucket = "grid";
    public const string AccessKey = "AKIDTESTSERVER";
    public const string SecretKey = "wrong-for-everyone/else+than=tests";
    public const string Region = "eu-test-1";

    private static readonly XNamespace Space = "http://s3.amazonaws.com/doc/2006-03-01/";
    private readonly string _folder = Directory.CreateTempSubdirectory("s3-server-").FullName;
    private readonly S3Bucket _bucket;
    private readonly SigV4 _signatures;
    private readonly TimeProvider _time;
    private readonly ConcurrentQueue<S3Call> _calls = new();
    private WebApplication? _app;

    private S3Server(TimeProvider time)
    {
        _time = time;
        _bucket = new(_folder);
        _signatures = new(AccessKey, SecretKey, Region, time);
    }

    /// <summary>Its address, such as <c>http://127.0.0.1:41234</c>.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Whether it honours <c>If-None-Match: *</c>; else it ignores it, as old servers do.</summary>
    public bool ConditionalWrites { get; set; } = true;

    /// <summary>Whether it verifies <c>x-amz-checksum-…</c> headers.</summary>
    public bool Checksums { get; set; } = true;

    /// <summary>Most entries of one page of a list.</summary>
    public int PageSize { get; set; } = 1000;

    /// <summary>What goes wrong with a request; null: nothing.</summary>
    public Func<S3Call, S3Fault?> Fault { get; set; } = _ => null;

    /// <summary>What a request waits for once its signature is right.</summary>
    public Func<S3Call, Task> Gate { get; set; } = _ => Task.CompletedTask;

    /// <summary>All requests whose signature was right, oldest first.</summary>
    public IReadOnlyCollection<S3Call> Calls => _calls;

    /// <summary>The keys of all objects.</summary>
    public IReadOnlyList<string> Keys => [.. _bucket.List("", "", int.MaxValue).Select(o => o.Key)];

    /// <summary>The ids of multipart uploads that are neither completed nor aborted.</summary>
    public IReadOnlyList<string> Unfinished => [.. _bucket.Multiparts("").Select(m => m.Id)];

    public static async Task<S3Server> StartAsync(TimeProvider? time = null)
    {
        var server = new S3Server(time ?? TimeProvider.System);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
        });
        var app = server._app = builder.Build();
        app.Run(server.ServeAsync);
        await app.StartAsync();
        server.Url = new Uri(app.Urls.Single());
        return server;
    }

    /// <summary>The bytes of an object; null: there is none.</summary>
    public byte[]? Read(string key) => _bucket.Find(key) is { } found ? File.ReadAllBytes(found.File) : null;

    /// <summary>Makes all objects and unfinished uploads so much older.</summary>
    public void Age(TimeSpan age) => _bucket.Age(age);

    /// <summary>Changes the bytes of an object behind everybody's back.</summary>
    public void Damage(string key, byte[] bytes) => File.WriteAllBytes(_bucket.Find(key)!.File, bytes);

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ServeAsync(HttpContext context)
    {
        // By its own clock, which clients set theirs by.
        context.Response.Headers.Date = _time.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        context.Response.Headers["x-amz-request-id"] = context.TraceIdentifier;
        try
        {
            var call = CallOf(context.Request);
            var fault = Fault(call);
            if (fault is S3Fault.Refused refused)
                throw new S3Error(refused.Status, refused.Code, refused.Message);
            var signed = _signatures.Check(context.Request);
            _calls.Enqueue(call);
            await Gate(call);
            await AnswerAsync(context, call, signed, fault);
            if (fault is S3Fault.AnswerLost)
                context.Abort();
        }
        catch (S3Error e)
        {
            await RefuseAsync(context, e);
        }
        catch (S3Cut)
        {
            context.Abort();
        }
        catch (Exception e) when (e is IOException or BadHttpRequestException or OperationCanceledException)
        {
            // The client left: what it sent so far is not kept.
        }
    }

    private static S3Call CallOf(HttpRequest request)
    {
        var raw = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        var parts = raw.TrimStart('/').Split('/', 2);
        if (parts[0] != Bucket)
            throw new S3Error(404, "NoSuchBucket", "The specified bucket does not exist");
        var key = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
        var query = request.Query;
        var operation = (request.Method, key.Length > 0) switch
        {
            ("PUT", true) when query.ContainsKey("partNumber") => "UploadPart",
            ("PUT", true) => "PutObject",
            ("GET", true) => "GetObject",
            ("HEAD", true) => "HeadObject",
            ("DELETE", true) when query.ContainsKey("uploadId") => "AbortMultipartUpload",
            ("DELETE", true) => "DeleteObject",
            ("POST", true) when query.ContainsKey("uploads") => "CreateMultipartUpload",
            ("POST", true) when query.ContainsKey("uploadId") => "CompleteMultipartUpload",
            ("GET", false) when query.ContainsKey("uploads") => "ListMultipartUploads",
            ("GET", false) when query["list-type"] == "2" => "ListObjectsV2",
            ("POST", false) when query.ContainsKey("delete") => "DeleteObjects",
            _ => throw new S3Error(501, "NotImplemented", $"{request.Method} {raw} is not implemented."),
        };
        // The server's own are gone with the request.
        return new(operation, key, new HeaderDictionary(request.Headers.ToDictionary(h => h.Key, h => h.Value, StringComparer.OrdinalIgnoreCase)));
    }

    private Task AnswerAsync(HttpContext context, S3Call call, SignedBody signed, S3Fault? fault) => call.Operation switch
    {
        "PutObject" => PutAsync(context, call, signed, fault),
        "GetObject" => GetAsync(context, call, fault),
        "HeadObject" => GetAsync(context, call, fault),
        "DeleteObject" => DeleteAsync(context, call),
        "DeleteObjects" => DeleteManyAsync(context, signed),
        "ListObjectsV2" => ListAsync(context),
        "ListMultipartUploads" => ListMultipartsAsync(context),
        "CreateMultipartUpload" => BeginAsync(context, call),
        "UploadPart" => PartAsync(context, call, signed, fault),
        "CompleteMultipartUpload" => CompleteAsync(context, call, signed),
        _ => AbortAsync(context),
    };

    private async Task PutAsync(HttpContext context, S3Call call, SignedBody signed, S3Fault? fault)
    {
        var put = await TakeAsync(context, call, signed, fault);
        if (!_bucket.Put(put, OnlyNew(call)))
            throw Exists();
        context.Response.Headers.ETag = $"\"{put.ETag}\"";
    }

    private async Task<S3Object> TakeAsync(HttpContext context, S3Call call, SignedBody signed, S3Fault? fault)
    {
        var file = _bucket.NewFile();
        await using var content = File.Create(file);
        var (sha256, md5, size) = await new AwsChunks(context.Request, signed, Checksums).CopyAsync(content, (fault as S3Fault.Cut)?.AfterBytes);
        return new(call.Key, file, size, md5, context.Request.ContentType, sha256, MetadataOf(context.Request), _time.GetUtcNow());
    }

    private async Task GetAsync(HttpContext context, S3Call call, S3Fault? fault)
    {
        var found = _bucket.Find(call.Key) ?? throw new S3Error(404, "NoSuchKey", "The specified key does not exist.");
        var response = context.Response;
        if (call.Headers.IfMatch.Count > 0 && call.Headers.IfMatch != $"\"{found.ETag}\"")
            throw new S3Error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
        response.Headers.ETag = $"\"{found.ETag}\"";
        response.Headers.LastModified = found.Modified.ToString("R", CultureInfo.InvariantCulture);
        response.Headers.AcceptRanges = "bytes";
        response.ContentType = found.ContentType ?? "binary/octet-stream";
        foreach (var (name, value) in found.Metadata)
            response.Headers[name] = value;
        var (from, to) = (0L, found.Size - 1);
        if (call.Headers.Range.ToString() is { Length: > 6 } range)
        {
            var ends = range["bytes=".Length..].Split('-');
            from = long.Parse(ends[0], CultureInfo.InvariantCulture);
            to = ends[1].Length == 0 ? to : Math.Min(to, long.Parse(ends[1], CultureInfo.InvariantCulture));
            if (from >= found.Size)
                throw new S3Error(416, "InvalidRange", "The requested range is not satisfiable");
            response.StatusCode = 206;
            response.Headers.ContentRange = $"bytes {from}-{to}/{found.Size}";
        }

        response.ContentLength = to - from + 1;
        if (call.Operation == "HeadObject")
            return;
        await using var content = File.OpenRead(found.File);
        content.Position = from;
        var left = to - from + 1;
        var cut = (fault as S3Fault.Cut)?.AfterBytes;
        var buffer = new byte[16 << 10];
        while (left > 0)
        {
            var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, Math.Min(left, cut ?? left))));
            await response.Body.WriteAsync(buffer.AsMemory(0, read));
            left -= read;
            if (cut is { } allowed && (cut = allowed - read) <= 0)
            {
                await response.Body.FlushAsync();
                await (((S3Fault.Cut)fault!).Until ?? Task.CompletedTask);
                throw new S3Cut();
            }
        }
    }

    private Task DeleteAsync(HttpContext context, S3Call call)
    {
        _bucket.Remove(call.Key);
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private async Task DeleteManyAsync(HttpContext context, SignedBody signed)
    {
        if (!context.Request.Headers.Keys.Any(k => k.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase))
            && !context.Request.Headers.ContainsKey("Content-MD5") && !context.Request.Headers.ContainsKey("x-amz-trailer"))
        {
            throw new S3Error(400, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
        }

        var body = await XmlAsync(context, signed);
        foreach (var key in body.Root!.Descendants().Where(e => e.Name.LocalName == "Key"))
            _bucket.Remove(key.Value);
        await WriteAsync(context, new XElement(Space + "DeleteResult"));
    }

    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var most = Math.Min(PageSize, query.TryGetValue("max-keys", out var keys) ? int.Parse(keys!, CultureInfo.InvariantCulture) : 1000);
        var after = query["continuation-token"].ToString() is { Length: > 0 } token ? token : query["start-after"].ToString();
        var found = _bucket.List(query["prefix"].ToString(), after, most + 1);
        var page = found.Take(most).ToList();
        var encode = query["encoding-type"] == "url";
        return WriteAsync(context, new XElement(
            Space + "ListBucketResult",
            new XElement(Space + "Name", Bucket),
            new XElement(Space + "KeyCount", page.Count),
            new XElement(Space + "IsTruncated", found.Count > most),
            found.Count > most ? new XElement(Space + "NextContinuationToken", page[^1].Key) : null,
            page.Select(o => new XElement(
                Space + "Contents",
                new XElement(Space + "Key", encode ? Uri.EscapeDataString(o.Key) : o.Key),
                new XElement(Space + "LastModified", Iso(o.Modified)),
                new XElement(Space + "ETag", $"\"{o.ETag}\""),
                new XElement(Space + "Size", o.Size)))));
    }

    private Task ListMultipartsAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var found = _bucket.Multiparts(query["prefix"].ToString())
            .Where(m => (string.CompareOrdinal(m.Key, query["key-marker"].ToString()), string.CompareOrdinal(m.Id, query["upload-id-marker"].ToString())) is ( > 0, _) or (0, > 0)).ToList();
        var page = found.Take(PageSize).ToList();
        return WriteAsync(context, new XElement(
            Space + "ListMultipartUploadsResult",
            new XElement(Space + "IsTruncated", found.Count > page.Count),
            found.Count > page.Count ? new XElement(Space + "NextKeyMarker", page[^1].Key) : null,
            found.Count > page.Count ? new XElement(Space + "NextUploadIdMarker", page[^1].Id) : null,
            page.Select(m => new XElement(
                Space + "Upload", new XElement(Space + "Key", m.Key), new XElement(Space + "UploadId", m.Id), new XElement(Space + "Initiated", Iso(m.Begun))))));
    }

    private Task BeginAsync(HttpContext context, S3Call call)
    {
        var multipart = new S3Multipart(call.Key, Guid.NewGuid().ToString("N"), context.Request.ContentType, MetadataOf(context.Request), _time.GetUtcNow());
        _bucket.Begin(multipart);
        return WriteAsync(context, new XElement(
            Space + "InitiateMultipartUploadResult",
            new XElement(Space + "Bucket", Bucket), new XElement(Space + "Key", call.Key), new XElement(Space + "UploadId", multipart.Id)));
    }

    private async Task PartAsync(HttpContext context, S3Call call, SignedBody signed, S3Fault? fault)
    {
        var multipart = _bucket.Multipart(context.Request.Query["uploadId"]!);
        var part = await TakeAsync(context, call, signed, fault);
        _bucket.AddPart(multipart, int.Parse(context.Request.Query["partNumber"]!, CultureInfo.InvariantCulture), part);
        context.Response.Headers.ETag = $"\"{part.ETag}\"";
    }

    private async Task CompleteAsync(HttpContext context, S3Call call, SignedBody signed)
    {
        var multipart = _bucket.Multipart(context.Request.Query["uploadId"]!);
        var named = (await XmlAsync(context, signed)).Root!.Elements().Where(e => e.Name.LocalName == "Part")
            .Select(p => (int.Parse(Child(p, "PartNumber"), CultureInfo.InvariantCulture), Child(p, "ETag").Trim('"'))).ToList();
        var made = await _bucket.CompleteAsync(multipart, named, OnlyNew(call), _time.GetUtcNow()) ?? throw Exists();
        await WriteAsync(context, new XElement(
            Space + "CompleteMultipartUploadResult",
            new XElement(Space + "Bucket", Bucket), new XElement(Space + "Key", call.Key), new XElement(Space + "ETag", $"\"{made.ETag}\"")));
    }

    private Task AbortAsync(HttpContext context)
    {
        _bucket.Abort(context.Request.Query["uploadId"]!);
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private bool OnlyNew(S3Call call) => ConditionalWrites && call.Headers.IfNoneMatch == "*";

    private static S3Error Exists() => new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");

    private static string Child(XElement element, string name) => element.Elements().Single(e => e.Name.LocalName == name).Value;

    private static string Iso(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static Dictionary<string, string> MetadataOf(HttpRequest request) =>
        request.Headers.Where(h => h.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)).ToDictionary(h => h.Key, h => h.Value.ToString());

    private async Task<XDocument> XmlAsync(HttpContext context, SignedBody signed)
    {
        using var body = new MemoryStream();
        await new AwsChunks(context.Request, signed, Checksums).CopyAsync(body, null);
        body.Position = 0;
        return XDocument.Load(body);
    }

    private static async Task WriteAsync(HttpContext context, XElement root)
    {
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync(new XDocument(root).ToString(SaveOptions.DisableFormatting));
    }

    private static async Task RefuseAsync(HttpContext context, S3Error error)
    {
        // What is left of the body has no reader.
        context.Features.Get<IHttpResponseFeature>()!.StatusCode = error.Status;
        context.Response.Headers.Connection = "close";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await WriteAsync(context, new XElement("Error", new XElement("Code", error.Code), new XElement("Message", error.Message), new XElement("RequestId", context.TraceIdentifier)));
    }
}

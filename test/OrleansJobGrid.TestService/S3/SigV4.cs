using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansJobGrid.TestService.S3;

/// <summary>
/// Verifies signatures of version 4 in the header and in the query, by the published rules ("Signature Version 4" and "Authenticating
/// Requests: Using Query Parameters" in Amazon's reference of the S3 API).
/// </summary>
internal sealed class SigV4(string accessKey, string secretKey, string region, TimeProvider time)
{
    public const string Unsigned = "UNSIGNED-PAYLOAD";
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestExpiry = TimeSpan.FromDays(7);

    /// <summary>Checks a request's signature; what its body has to be is returned, for the body comes later.</summary>
    public SignedBody Check(HttpRequest request)
    {
        var raw = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = raw.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? raw : raw[..question];
        var query = Query(question < 0 ? "" : raw[(question + 1)..]);
        return query.Any(q => q.Name == "X-Amz-Signature") ? CheckQuery(request, path, query) : CheckHeader(request, path, query);
    }

    private SignedBody CheckHeader(HttpRequest request, string path, List<(string Name, string Value)> query)
    {
        var authorization = request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Algorithm + " ", StringComparison.Ordinal))
            throw new S3Error(403, "AccessDenied", "The request is not signed.");
        var parts = authorization[(Algorithm.Length + 1)..].Split(',', StringSplitOptions.TrimEntries)
            .Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
        var at = request.Headers["x-amz-date"].ToString();
        if ((time.GetUtcNow() - Time(at)).Duration() > Skew)
            throw new S3Error(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.");
        var body = request.Headers["x-amz-content-sha256"].ToString();
        if (body.Length == 0)
            throw new S3Error(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
        return Compare(request, path, query, parts["Credential"], at, parts["SignedHeaders"], parts["Signature"], body);
    }

    private SignedBody CheckQuery(HttpRequest request, string path, List<(string Name, string Value)> query)
    {
        string One(string name) => query.Where(q => q.Name == name).Select(q => q.Value).SingleOrDefault()
            ?? throw new S3Error(400, "AuthorizationQueryParametersError", $"The query lacks {name}.");
        if (One("X-Amz-Algorithm") != Algorithm)
            throw new S3Error(400, "AuthorizationQueryParametersError", "X-Amz-Algorithm only supports AWS4-HMAC-SHA256.");
        var at = One("X-Amz-Date");
        var lifetime = TimeSpan.FromSeconds(int.Parse(One("X-Amz-Expires"), NumberStyles.None, CultureInfo.InvariantCulture));
        if (lifetime > LongestExpiry)
            throw new S3Error(400, "AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week.");
        var signature = One("X-Amz-Signature");
        var signed = One("X-Amz-SignedHeaders");
        query.RemoveAll(q => q.Name == "X-Amz-Signature");
        var body = Compare(request, path, query, One("X-Amz-Credential"), at, signed, signature, Unsigned);
        if (time.GetUtcNow() > Time(at) + lifetime)
            throw new S3Error(403, "AccessDenied", "Request has expired");
        return body;
    }

    private SignedBody Compare(
        HttpRequest request, string path, List<(string Name, string Value)> query, string credential, string at, string signedHeaders, string signature, string body)
    {
        var scope = credential.Split('/');
        if (scope.Length != 5 || scope[0] != accessKey)
            throw new S3Error(403, "InvalidAccessKeyId", "The access key id does not exist in our records.");
        if (scope[2] != region || scope[3] != "s3" || scope[4] != "aws4_request" || !at.StartsWith(scope[1], StringComparison.Ordinal))
            throw new S3Error(400, "AuthorizationHeaderMalformed", $"The scope '{string.Join('/', scope[1..])}' is not one of region {region} at {at}.");
        var names = signedHeaders.Split(';');
        if (!names.Contains("host"))
            throw new S3Error(403, "AccessDenied", "The header host is not signed.");
        if (request.Headers.Keys.Select(Lower).FirstOrDefault(h => h.StartsWith("x-amz-", StringComparison.Ordinal) && h != "x-amz-content-sha256" && !names.Contains(h)) is { } loose)
            throw new S3Error(403, "AccessDenied", $"There were headers present in the request which were not signed: {loose}");
        var canonical = new StringBuilder()
            .Append(request.Method).Append('\n')
            .Append(string.Join('/', path.Split('/').Select(s => Encode(Uri.UnescapeDataString(s))))).Append('\n')
            .AppendJoin('&', query.Select(q => (Name: Encode(q.Name), Value: Encode(q.Value))).OrderBy(q => q.Name, StringComparer.Ordinal).ThenBy(q => q.Value, StringComparer.Ordinal).Select(q => $"{q.Name}={q.Value}")).Append('\n');
        foreach (var name in names)
            canonical.Append(name).Append(':').Append(HeaderValue(request, name)).Append('\n');
        canonical.Append('\n').Append(signedHeaders).Append('\n').Append(body);
        var chain = new SignatureChain(Key(scope[1]), at, string.Join('/', scope[1..]));
        var right = chain.Sign(Algorithm, null, Hex(Encoding.UTF8.GetBytes(canonical.ToString())));
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(right), Encoding.ASCII.GetBytes(signature)))
            throw new S3Error(403, "SignatureDoesNotMatch", "The signature we calculated does not match the one provided. Canonical request:\n" + canonical);
        return new(body, chain, right);
    }

    private byte[] Key(string date)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secretKey);
        foreach (var part in (string[])[date, region, "s3", "aws4_request"])
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return key;
    }

    private static string HeaderValue(HttpRequest request, string name) => string.Join(
        ',', request.Headers[name].Select(v => string.Join(' ', (v ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))));

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at
            : throw new S3Error(403, "AccessDenied", $"'{text}' is no date of a signature.");

    public static List<(string Name, string Value)> Query(string text) =>
        [.. text.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2))
            .Select(p => (Uri.UnescapeDataString(p[0]), p.Length > 1 ? Uri.UnescapeDataString(p[1]) : ""))];

    /// <summary>Percent-encodes all but the unreserved characters, with uppercase digits.</summary>
    private static string Encode(string text)
    {
        var encoded = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~')
                encoded.Append((char)b);
            else
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Globalization", "CA1308", Justification = "The rules ask for lowercase names.")]
    private static string Lower(string name) => name.ToLowerInvariant();
}

/// <summary>What was signed of a body: its hash, or the name of a form that it is sent in.</summary>
/// <param name="Content">The value of <c>x-amz-content-sha256</c>.</param>
/// <param name="Chain">Signs its chunks.</param>
/// <param name="Seed">The signature of the request, which the first chunk's follows.</param>
internal sealed record SignedBody(string Content, SignatureChain Chain, string Seed);

/// <summary>The key of one day, region and service, with what all signatures of a request have in common.</summary>
internal sealed class SignatureChain(byte[] key, string at, string scope)
{
    /// <summary>Signs a request (no signature before it), a chunk or a trailer.</summary>
    public string Sign(string kind, string? before, params string[] hashes) => Convert.ToHexStringLower(HMACSHA256.HashData(
        key, Encoding.UTF8.GetBytes(string.Join('\n', (string[])[kind, at, scope, .. before is null ? Array.Empty<string>() : [before], .. hashes]))));
}

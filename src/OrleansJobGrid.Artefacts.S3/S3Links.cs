using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;

namespace OrleansJobGrid.Artefacts.S3;

/// <summary>Links of the service's own, signed with the grid's key.</summary>
internal sealed class S3Links(S3Bucket bucket) : ILinkSigner
{
    private const string HashHeader = "x-amz-checksum-sha256";
    private const string LengthHeader = "Content-Length";

    /// <summary>The SDK signs by it.</summary>
    private static readonly TimeProvider Clock = TimeProvider.System;

    public Task<SignedLink> DownloadAsync(string artefactId, TimeSpan lifetime) =>
        SignAsync(new() { Verb = HttpVerb.GET, Key = bucket.Key(ArtefactPath.Of(artefactId)) }, new Dictionary<string, string>(), lifetime);

    public Task<SignedLink> UploadAsync(string sha256, long size, TimeSpan lifetime)
    {
        var request = new GetPreSignedUrlRequest { Verb = HttpVerb.PUT, Key = bucket.Key(ArtefactPath.Of(ArtefactPath.UploadId(sha256))) };
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            // The service itself refuses other bytes, and more of them.
            [HashHeader] = Convert.ToBase64String(Convert.FromHexString(sha256)),
            [S3Writer.HashName] = sha256,
        };
        foreach (var (name, value) in headers)
            request.Headers[name] = value;
        request.Headers[LengthHeader] = size.ToString(CultureInfo.InvariantCulture);
        return SignAsync(request, headers, lifetime);
    }

    private async Task<SignedLink> SignAsync(GetPreSignedUrlRequest request, IReadOnlyDictionary<string, string> headers, TimeSpan lifetime)
    {
        var expires = Clock.GetUtcNow() + lifetime;
        request.BucketName = bucket.Name;
        request.Expires = expires.UtcDateTime;
        request.Protocol = bucket.Client.Config.ServiceURL?.StartsWith("http:", StringComparison.OrdinalIgnoreCase) == true ? Protocol.HTTP : Protocol.HTTPS;
        var url = await bucket.Call($"Signing a link to '{request.Key}'", () => bucket.Client.GetPreSignedURLAsync(request));
        return new(url, request.Verb.ToString(), headers, expires);
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using OrleansJobGrid.TestService.S3;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

/// <summary>The server that the store is tried on: it must not take what a real one refuses.</summary>
public sealed class S3ServerTests : IAsyncLifetime
{
    private const string Unsigned = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    private const string Hello = "hello";
    private const string HelloCrc = "NhCmhg=="; // CRC-32 0x3610A686, as in the published tables.

    private readonly HttpClient _client = new();
    private S3Server _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await S3Server.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheSdkAsItComes_WithSignedChunksAndATrailer_IsUnderstood(bool chunks)
    {
        using var sdk = Sdk(S3Server.SecretKey);
        var content = new string('x', 300_000);
        await sdk.PutObjectAsync(new() { BucketName = S3Server.Bucket, Key = "a b/é+c", ContentBody = content, UseChunkEncoding = chunks }, Cancellation);
        Assert.Equal(content, Encoding.ASCII.GetString(_server.Read("a b/é+c")!));
        if (chunks)
        {
            var put = _server.Calls.Single(c => c.Operation == "PutObject").Headers;
            Assert.Equal("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", put["x-amz-content-sha256"]);
            Assert.Equal("x-amz-checksum-crc32", put["x-amz-trailer"]);
        }

        using var read = await sdk.GetObjectAsync(S3Server.Bucket, "a b/é+c", Cancellation);
        Assert.Equal(content, await new StreamReader(read.ResponseStream).ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task AWrongSecret_IsFound()
    {
        using var sdk = Sdk("not the secret");
        var error = await Assert.ThrowsAsync<AmazonS3Exception>(() => sdk.ListObjectsV2Async(new() { BucketName = S3Server.Bucket }, Cancellation));
        Assert.Equal("SignatureDoesNotMatch", error.ErrorCode);
        Assert.Empty(_server.Calls);
    }

    [Theory]
    [InlineData(HelloCrc, Hello, 200)]
    [InlineData(HelloCrc, "hullo", 400)]
    [InlineData("AAAAAA==", Hello, 400)]
    [InlineData(null, Hello, 400)]
    public async Task UnsignedChunksWithATrailer_HaveToHaveItsChecksum(string? crc, string content, int status)
    {
        var trailer = crc is null ? "" : $"x-amz-checksum-crc32:{crc}\r\n";
        var body = $"3\r\n{content[..3]}\r\n2\r\n{content[3..]}\r\n0\r\n{trailer}\r\n";
        Assert.Equal(status, await PutAsync(body, Unsigned, ("x-amz-decoded-content-length", "5"), ("x-amz-trailer", "x-amz-checksum-crc32")));
        Assert.Equal(status == 200, _server.Keys.Count == 1);
    }

    [Fact]
    public async Task ABodyOfAnotherLengthOrHash_IsRefused()
    {
        Assert.Equal(400, await PutAsync("5\r\nhello\r\n0\r\n\r\n", Unsigned, ("x-amz-decoded-content-length", "6")));
        Assert.Equal(400, await PutAsync("hullo", Hex(Hello)));
        Assert.Empty(_server.Keys);
        Assert.Equal(200, await PutAsync(Hello, Hex(Hello)));
    }

    [Fact]
    public async Task AChunkWithAWrongSignature_IsRefused()
    {
        var body = $"5;chunk-signature={new string('0', 64)}\r\nhello\r\n0;chunk-signature={new string('0', 64)}\r\n\r\n";
        Assert.Equal(403, await PutAsync(body, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ("x-amz-decoded-content-length", "5")));
        Assert.Empty(_server.Keys);
    }

    [Fact]
    public async Task AHeaderThatIsNotSigned_IsRefused() =>
        Assert.Equal(403, await PutAsync(Hello, Hex(Hello), signAll: false, ("x-amz-meta-a", "b")));

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private AmazonS3Client Sdk(string secret) => new(
        new BasicAWSCredentials(S3Server.AccessKey, secret),
        new AmazonS3Config { ServiceURL = _server.Url.ToString(), ForcePathStyle = true, AuthenticationRegion = S3Server.Region });

    private Task<int> PutAsync(string body, string content, params (string Name, string Value)[] headers) => PutAsync(body, content, true, headers);

    /// <summary>A put signed by hand.</summary>
    private async Task<int> PutAsync(string body, string content, bool signAll, params (string Name, string Value)[] headers)
    {
        var at = TimeProvider.System.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var all = headers.Append(("x-amz-content-sha256", content)).Append(("x-amz-date", at)).Append(("host", _server.Url.Authority)).OrderBy(h => h.Item1, StringComparer.Ordinal).ToList();
        var signed = all.Where(h => signAll || !headers.Contains(h)).ToList();
        var names = string.Join(';', signed.Select(h => h.Item1));
        var canonical = $"PUT\n/{S3Server.Bucket}/key\n\n{string.Concat(signed.Select(h => $"{h.Item1}:{h.Item2}\n"))}\n{names}\n{content}";
        var scope = $"{at[..8]}/{S3Server.Region}/s3/aws4_request";
        var key = Encoding.UTF8.GetBytes("AWS4" + S3Server.SecretKey);
        foreach (var part in scope.Split('/').Append($"AWS4-HMAC-SHA256\n{at}\n{scope}\n{Hex(canonical)}"))
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(_server.Url, $"/{S3Server.Bucket}/key")) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        foreach (var (name, value) in all)
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", $"AWS4-HMAC-SHA256 Credential={S3Server.AccessKey}/{scope}, SignedHeaders={names}, Signature={Convert.ToHexStringLower(key)}");
        using var response = await _client.SendAsync(request, Cancellation);
        return (int)response.StatusCode;
    }
}

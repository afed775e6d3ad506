using System.Security.Cryptography;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.S3;
using OrleansJobGrid.TestKit.Stores;
using OrleansJobGrid.TestService.S3;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

/// <summary>Links that lead to the bucket, tried by a client that knows nothing but them.</summary>
public sealed class S3LinkTests : IAsyncLifetime
{
    private static readonly byte[] Hello = "hello"u8.ToArray();
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(Hello));

    private readonly string _spool = Directory.CreateTempSubdirectory("spool-").FullName;
    private readonly OffsetTimeProvider _time = new();
    private readonly HttpClient _client = new();
    private S3Server _server = null!;
    private S3ArtefactStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await S3Server.StartAsync(_time);
        _store = await S3ArtefactStore.OpenAsync(_server.Options("a/"), _spool, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _store.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_spool, recursive: true);
    }

    [Fact]
    public async Task AnUpload_IsAnArtefactAsAnyOther()
    {
        var link = await _store.Links.UploadAsync(Hash, 5, TimeSpan.FromHours(1));
        Assert.Equal(200, await PutAsync(link, Hello));
        Assert.Equal(200, await PutAsync(link, Hello));
        await using (var stream = (await _store.OpenReadAsync("sha256-" + Hash, Cancellation))!)
            Assert.Equal("hello", await new StreamReader(stream).ReadToEndAsync(Cancellation));
        Assert.Equal("sha256-" + Hash, (await _store.UploadAsync(new MemoryStream(Hello), 10, Cancellation)).Artefact);
        Assert.DoesNotContain(S3Server.SecretKey, Uri.UnescapeDataString(link.Url), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUpload_OfOtherBytesOrMoreOfThemOrWithoutItsHeaders_IsRefused()
    {
        var link = await _store.Links.UploadAsync(Hash, 5, TimeSpan.FromHours(1));
        Assert.Equal(400, await PutAsync(link, "hullo"u8.ToArray()));
        Assert.Equal(403, await PutAsync(link, "hello!"u8.ToArray()));
        Assert.Equal(403, await PutAsync(link with { Headers = new Dictionary<string, string>() }, Hello));
        var other = Convert.ToBase64String(SHA256.HashData("hullo"u8));
        Assert.Equal(403, await PutAsync(link with { Headers = new Dictionary<string, string>(link.Headers) { ["x-amz-checksum-sha256"] = other } }, "hullo"u8.ToArray()));
        Assert.Null(await _store.OpenReadAsync("sha256-" + Hash, Cancellation));
    }

    [Fact]
    public async Task ALink_IsGoodUntilItExpires_AndForItsMethodAndKeyAlone()
    {
        await _store.WriteOnceAsync("a:b/1/x y é.txt", new MemoryStream(Hello), Cancellation);
        var link = await _store.Links.DownloadAsync("a:b/1/x y é.txt", TimeSpan.FromMinutes(10));
        Assert.Equal("hello", await _client.GetStringAsync(link.Url, Cancellation));
        Assert.Equal(403, await PutAsync(link, Hello));
        using (var other = await _client.GetAsync(link.Url.Replace("/1/", "/2/", StringComparison.Ordinal), Cancellation))
            Assert.Equal(403, (int)other.StatusCode);
        _time.Step(TimeSpan.FromMinutes(9));
        Assert.Equal("hello", await _client.GetStringAsync(link.Url, Cancellation));
        _time.Step(TimeSpan.FromMinutes(2));
        using var late = await _client.GetAsync(link.Url, Cancellation);
        Assert.Equal(403, (int)late.StatusCode);
        Assert.Contains("expired", await late.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALinkToAMalformedId_IsNotMade() =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.Links.DownloadAsync("../x", TimeSpan.FromMinutes(1)));

    private async Task<int> PutAsync(SignedLink link, byte[] bytes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, link.Url) { Content = new ByteArrayContent(bytes) };
        foreach (var (name, value) in link.Headers)
            request.Headers.Add(name, value);
        using var response = await _client.SendAsync(request, Cancellation);
        return (int)response.StatusCode;
    }
}

using System.Security.Cryptography;
using System.Text;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

/// <summary>Links that the gateway signs itself.</summary>
public sealed class LinkEndpointTests
{
    private static readonly byte[] Hello = "hello"u8.ToArray();
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(Hello));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnUploadByALink_IsKept_OnceOrTwice()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var link = await gateway.PostAsync("/api/artefacts/presigned-uploads", $$"""{"sha256":"{{Hash}}","size":5}""");
        Assert.Equal(201, (int)link.Status);
        Assert.Equal("sha256-" + Hash, link.Json.GetProperty("artefact").GetString());
        Assert.Equal("PUT", link.Json.GetProperty("method").GetString());
        Assert.Empty(link.Json.GetProperty("headers").EnumerateObject());
        Assert.StartsWith(gateway.Client.BaseAddress!.ToString(), link.Json.GetProperty("url").GetString(), StringComparison.Ordinal);
        var expires = link.Json.GetProperty("expires_at").GetDateTimeOffset();
        Assert.InRange(expires - gateway.Time.GetUtcNow(), TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(60));
        for (var i = 0; i < 2; i++)
            Assert.Equal(201, (await PutAsync(gateway, link, Hello)).Status);
        Assert.Equal(Hello, gateway.Artefacts.Kept["sha256-" + Hash]);
    }

    [Fact]
    public async Task OtherBytesByALink_AreRefusedAndNotKept()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var link = await gateway.PostAsync("/api/artefacts/presigned-uploads", $$"""{"sha256":"{{Hash}}","size":5}""");
        var other = await PutAsync(gateway, link, "hullo"u8.ToArray());
        Assert.Equal(400, other.Status);
        Assert.Contains("does not have the hash", other.Text, StringComparison.Ordinal);
        Assert.Equal(400, (await PutAsync(gateway, link, "hell"u8.ToArray())).Status);
        Assert.Equal(413, (await PutAsync(gateway, link, "hello!"u8.ToArray())).Status);
        Assert.Empty(gateway.Artefacts.Kept);
    }

    [Theory]
    [InlineData("size=5", "size=6")]
    [InlineData("signature=", "signature=0")]
    [InlineData("expires=1", "expires=2")]
    [InlineData("sha256-2", "sha256-3")]
    [InlineData("&signature=", "&s=")]
    public async Task AChangedLink_IsRefused(string from, string to)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var link = await gateway.PostAsync("/api/artefacts/presigned-uploads", $$"""{"sha256":"{{Hash}}","size":5}""");
        var url = link.Json.GetProperty("url").GetString()!;
        Assert.Contains(from, url, StringComparison.Ordinal);
        using var content = new ByteArrayContent(Hello);
        using var response = await gateway.Client.PutAsync(url.Replace(from, to, StringComparison.Ordinal), content, Cancellation);
        Assert.Equal(403, (int)response.StatusCode);
        Assert.Empty(gateway.Artefacts.Kept);
    }

    [Fact]
    public async Task ALink_IsGoodUntilItExpires_AndForItsMethodAlone()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Artefacts.Kept["sha256-" + Hash] = Hello;
        var link = await gateway.PostAsync("/api/artefacts/links", $$"""{"artefact":"sha256-{{Hash}}","expires_in_seconds":60}""");
        Assert.Equal(201, (int)link.Status);
        var url = link.Json.GetProperty("url").GetString()!;
        Assert.Equal("hello", (await gateway.GetAsync(url)).Text);
        Assert.Equal(403, (await PutAsync(gateway, link, Hello)).Status);
        gateway.Time.Step(TimeSpan.FromSeconds(58));
        Assert.Equal("hello", (await gateway.GetAsync(url)).Text);
        gateway.Time.Step(TimeSpan.FromSeconds(4));
        (await gateway.GetAsync(url)).IsProblem(403, words: "expired");
    }

    [Fact]
    public async Task Redirect_LeadsToALink()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Artefacts.Kept["a:b/1/a b.txt"] = Hello;
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = gateway.Client.BaseAddress };
        using var response = await client.GetAsync("/api/artefacts/a:b/1/a%20b.txt?redirect=true", Cancellation);
        Assert.Equal(302, (int)response.StatusCode);
        Assert.Contains("signature=", response.Headers.Location!.Query, StringComparison.Ordinal);
        Assert.Equal("hello", await client.GetStringAsync(response.Headers.Location, Cancellation));
    }

    [Fact]
    public async Task WrongRequests_AreNamed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(o => o.MaxArtefactBytes = 10);
        const string uploads = "/api/artefacts/presigned-uploads";
        (await gateway.PostAsync(uploads, """{"size":5}""")).IsProblem(400, "sha256", "missing");
        (await gateway.PostAsync(uploads, $$"""{"sha256":"{{Hash}}"}""")).IsProblem(400, "size", "missing");
        (await gateway.PostAsync(uploads, $$"""{"sha256":"{{Hash.ToUpperInvariant()}}","size":1.5}""")).IsProblem(400, "size", "number");
        (await gateway.PostAsync(uploads, $$"""{"sha256":"{{Hash}}","size":11}""")).IsProblem(413, "size", "10 bytes");
        (await gateway.PostAsync(uploads, $$"""{"sha256":"{{Hash}}","size":1,"expires_in_seconds":604801}""")).IsProblem(400, "expires_in_seconds", "604800");
        (await gateway.PostAsync("/api/artefacts/links", """{"artefact":"sha256-none"}""")).IsProblem(404, words: "sha256-none");
        (await gateway.PostAsync("/api/artefacts/links", """{"artefact":"a..b"}""")).IsProblem(400, "artefact", "'..'");
    }

    [Fact]
    public async Task AResult_NamesEachOutputsAddress_SignedWhereThatIsAsked()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Artefacts.Kept["a:b/1/x y.txt"] = Hello;
        gateway.Grid.Jobs["a:b"] = new FakeJob();
        gateway.Grid.Jobs["a:b"].Set(GatewayUnderTest.Job("a:b", JobStatus.Completed) with { Outputs = [new("a:b/1/x y.txt", "x y.txt", Hash, 5)] });
        var plain = (await gateway.GetAsync("/api/jobs/a:b/result")).Json.GetProperty("outputs")[0];
        Assert.Equal("/api/artefacts/a%3Ab/1/x%20y.txt", plain.GetProperty("url").GetString());
        Assert.False(plain.TryGetProperty("expires_at", out _));
        Assert.Equal("hello", (await gateway.GetAsync(plain.GetProperty("url").GetString()!)).Text);
        var signed = (await gateway.GetAsync("/api/jobs/a:b/result?presigned=true")).Json.GetProperty("outputs")[0];
        Assert.True(signed.GetProperty("expires_at").GetDateTimeOffset() > gateway.Time.GetUtcNow());
        Assert.Contains("signature=", signed.GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Equal("hello", (await gateway.GetAsync(signed.GetProperty("url").GetString()!)).Text);
    }

    private static async Task<(int Status, string Text)> PutAsync(GatewayUnderTest gateway, Answer link, byte[] bytes)
    {
        using var content = new ByteArrayContent(bytes);
        using var response = await gateway.Client.PutAsync(link.Json.GetProperty("url").GetString(), content, Cancellation);
        return ((int)response.StatusCode, Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(Cancellation)));
    }
}

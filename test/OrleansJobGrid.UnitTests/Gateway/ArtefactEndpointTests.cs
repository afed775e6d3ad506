using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class ArtefactEndpointTests
{
    [Fact]
    public async Task Upload_IsKeptUnderItsHashAndReadBack()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var upload = await gateway.PostAsync("/api/artefacts", "hello"u8.ToArray(), "image/png");
        Assert.Equal(201, (int)upload.Status);
        const string hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        Assert.Equal(hash, upload.Json.GetProperty("sha256").GetString());
        Assert.Equal(5, upload.Json.GetProperty("size").GetInt64());
        Assert.True(upload.Json.GetProperty("success").GetBoolean());
        var read = await gateway.GetAsync("/api/artefacts/" + upload.Json.GetProperty("artefact").GetString());
        Assert.Equal("hello", read.Text);
        Assert.Equal($"\"{hash}\"", read.Headers.ETag!.Tag);
        Assert.Equal("application/octet-stream", read.ContentHeaders.ContentType!.MediaType);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/api/artefacts/sha256-" + hash);
        again.Headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{hash}\""));
        using var unchanged = await gateway.Client.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(304, (int)unchanged.StatusCode);
    }

    [Fact]
    public async Task Get_ARangeOfAnOutput_HasItsTypeAndNoScripts()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Artefacts.Kept["job:1/2/page.html"] = Encoding.UTF8.GetBytes("0123456789");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/artefacts/job:1/2/page.html");
        request.Headers.Range = new RangeHeaderValue(2, 4);
        using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(206, (int)response.StatusCode);
        Assert.Equal("234", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("sandbox", Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        using var head = await gateway.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/api/artefacts/job:1/2/page.html"), TestContext.Current.CancellationToken);
        Assert.Equal(10, head.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Upload_BeyondTheLimit_Is413AnnouncedOrNot()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(o => o.MaxArtefactBytes = 10);
        (await gateway.PostAsync("/api/artefacts", new byte[11], null)).IsProblem(413, "body", "10 bytes");
        using var unannounced = new HttpRequestMessage(HttpMethod.Post, "/api/artefacts") { Content = new StreamContent(new MemoryStream(new byte[11])) };
        unannounced.Headers.TransferEncodingChunked = true;
        using var response = await gateway.Client.SendAsync(unannounced, TestContext.Current.CancellationToken);
        Assert.Equal(413, (int)response.StatusCode);
        Assert.Equal(201, (int)(await gateway.PostAsync("/api/artefacts", new byte[10], null)).Status);
        Assert.Single(gateway.Artefacts.Kept);
    }

    /// <summary>The server's own limit of 30 MB must not stand before ours.</summary>
    [Fact]
    public async Task Upload_Of40Mb_IsTaken()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Assert.Equal(40 << 20, (await gateway.PostAsync("/api/artefacts", new byte[40 << 20], null)).Json.GetProperty("size").GetInt64());
    }

    [Fact]
    public async Task Upload_AsAForm_Is415WithTheMend()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync("/api/artefacts", "--x--"u8.ToArray(), "multipart/form-data; boundary=x")).IsProblem(415, "Content-Type", "--data-binary");
    }

    [Fact]
    public async Task Get_WhatIsNotThereOrNoId_IsNamed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.GetAsync("/api/artefacts/job/1/x.png")).IsProblem(404, words: "job/1/x.png");
        (await gateway.GetAsync("/api/artefacts/job/1/a..b")).IsProblem(400, "id", "An id holds no '..'.");
        (await gateway.GetAsync("/api/artefacts")).IsProblem(404, words: "without an id");
    }
}

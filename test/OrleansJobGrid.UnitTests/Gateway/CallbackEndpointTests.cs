using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Artefacts.Callbacks;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class CallbackEndpointTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";
    private const string Mark = "4b5c3a0e-0000-4000-8000-000000000001";

    private static string Address => $"/api/callbacks/{Mark}/{CallbackSignature.Of(Mark, Key)}";

    [Fact]
    public async Task Post_WithTheRightSignature_IsKeptInOrderAndTheSameOnce()
    {
        await using var gateway = await StartAsync();
        string[] bodies = ["""{"status": "running"}""", """{"status": "done"}""", """{"status": "running"}"""];
        foreach (var body in bodies)
        {
            var answer = await gateway.PostAsync(Address, body);
            Assert.True((int)answer.Status == 200, answer.Text);
            Assert.True(answer.Json.GetProperty("success").GetBoolean());
        }

        Assert.Equal([$"scratch/callback-{Mark}/1/answer.json", $"scratch/callback-{Mark}/2/answer.json"], gateway.Artefacts.Kept.Keys.Order());
        var box = new CallbackBox(gateway.Artefacts);
        Assert.Equal(bodies[..2], (await box.ReadAsync(Mark, TestContext.Current.CancellationToken)).Select(System.Text.Encoding.UTF8.GetString));
        await box.ForgetAsync(Mark, TestContext.Current.CancellationToken);
        Assert.Empty(gateway.Artefacts.Kept);
    }

    /// <summary>The published vector of RFC 4231, case 2.</summary>
    [Fact]
    public void Signature_IsHmacSha256InHex() =>
        Assert.Equal("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", CallbackSignature.Of("what do ya want for nothing?", "Jefe"));

    [Theory]
    [InlineData("4b5c3a0e-0000-4000-8000-000000000002", null)]
    [InlineData(Mark, "00")]
    [InlineData(Mark, "0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task Post_WithAWrongSignature_Is403AndKeepsNothing(string mark, string? signature)
    {
        await using var gateway = await StartAsync();
        (await gateway.PostAsync($"/api/callbacks/{mark}/{signature ?? CallbackSignature.Of(Mark, Key)}", "{}")).IsProblem(403, words: "signature");
        (await gateway.PostAsync($"/api/callbacks/{Mark}/{CallbackSignature.Of(Mark, Key + "x")}", "{}")).IsProblem(403);
        Assert.Empty(gateway.Artefacts.Kept);
    }

    [Fact]
    public async Task Post_BeyondTheLimitOrNoJson_IsRefused()
    {
        await using var gateway = await StartAsync();
        (await gateway.PostAsync(Address, $"\"{new string('x', 1 << 20)}\"")).IsProblem(413, "body", "1048576 bytes");
        using var unannounced = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new StreamContent(new MemoryStream(new byte[(1 << 20) + 1])) };
        unannounced.Headers.TransferEncodingChunked = true;
        using var response = await gateway.Client.SendAsync(unannounced, TestContext.Current.CancellationToken);
        Assert.Equal(413, (int)response.StatusCode);
        (await gateway.PostAsync(Address, "status=done")).IsProblem(400, "body", "no JSON");
        (await gateway.PostAsync(Address)).IsProblem(400, "body", "no JSON");
        Assert.Empty(gateway.Artefacts.Kept);
        Assert.Equal(200, (int)(await gateway.PostAsync(Address, $"\"{new string('x', (1 << 20) - 2)}\"")).Status);
    }

    [Fact]
    public async Task Post_OfMoreThan100DifferentOnes_Is409()
    {
        await using var gateway = await StartAsync();
        for (var i = 0; i < CallbackBox.Most; i++)
            Assert.Equal(200, (int)(await gateway.PostAsync(Address, $"{i}")).Status);
        (await gateway.PostAsync(Address, "-1")).IsProblem(409, words: "100 different");
        Assert.Equal(200, (int)(await gateway.PostAsync(Address, "7")).Status);
        Assert.Equal(CallbackBox.Most, gateway.Artefacts.Kept.Count);
    }

    [Fact]
    public async Task Post_WhereNoKeyIsSet_NamesTheSetting()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync(Address, "{}")).IsProblem(404, words: "JobGrid:Callbacks:Key");
    }

    [Fact]
    public async Task Start_WithWrongSettings_NamesThem()
    {
        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayUnderTest.StartAsync(
            change: s => s.Configure<CallbackOptions>(o => (o.Key, o.Address) = ("short", "nowhere"))));
        Assert.Contains("JobGrid:Callbacks:Key has 5 characters", e.Message, StringComparison.Ordinal);
        Assert.Contains("JobGrid:Callbacks:Address 'nowhere'", e.Message, StringComparison.Ordinal);
    }

    private static Task<GatewayUnderTest> StartAsync() => GatewayUnderTest.StartAsync(change: s => s.Configure<CallbackOptions>(o => o.Key = Key));
}

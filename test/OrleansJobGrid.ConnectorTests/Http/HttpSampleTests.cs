using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Http;

/// <summary>The ready settings for known services, against servers that answer as they do.</summary>
public sealed class HttpSampleTests : HttpTestBase
{
    private const string Image = "iVBORw0KGgo=";

    [Fact]
    public async Task OpenAI_images_come_home_and_the_key_goes_there_alone()
    {
        string? authorization = null;
        Routes["POST /v1/images/generations"] = http =>
        {
            authorization = http.Request.Headers.Authorization;
            return Says($$"""{"created": 1, "data": [{"b64_json": "{{Image}}"}, {"b64_json": "{{Image}}"}], "usage": {"total_tokens": 7} }""")(http);
        };
        var connector = Sample("openai.json", "openai-image", "sk-secret");
        var job = Job(connector, """{"prompt": "a cat", "n": 2, "size": "1024x1024"}""");
        var result = Assert.IsType<CompletedResult>(await RunAsync(connector, job));

        Assert.Equal("Bearer sk-secret", authorization);
        Assert.Equal("""{"model":"gpt-image-1","prompt":"a cat","n":2,"size":"1024x1024"}""", Bodies.Single()!.ToJsonString());
        Assert.Equal(["image-1.png", "image-2.png"], result.Outputs.Select(o => o.Name));
        Assert.Equal(Convert.FromBase64String(Image), job.FakeFiles.Outputs["job-1/1/image-1.png"]);
        Assert.Equal("image-2.png", result.Result!["data"]![1]!["b64_json"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(400, """{"error": {"message": "Your request was rejected as a result of our safety system.", "type": "image_generation_user_error", "param": null, "code": "moderation_blocked"}}""", FailureClass.Refused, "policy_violation")]
    [InlineData(401, """{"error": {"message": "Incorrect API key provided.", "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}""", FailureClass.Unauthorized, "invalid_credentials")]
    [InlineData(429, """{"error": {"message": "Rate limit reached for images. Please try again in 12s.", "type": "requests", "param": null, "code": "rate_limit_exceeded"}}""", FailureClass.RateLimited, "too_many_requests")]
    [InlineData(500, """{"error": {"message": "The server had an error while processing your request.", "type": "server_error", "param": null, "code": null}}""", FailureClass.Transient, "internal_error")]
    public async Task OpenAI_errors_are_understood(int status, string body, FailureClass expected, string reason)
    {
        Routes["POST /v1/images/generations"] = Says(body, status);
        var failed = await FailAsync(Sample("openai.json", "openai-image", "sk-secret"), """{"prompt": "a cat"}""");
        Assert.Equal((expected, reason), (failed.Class, failed.Reason));
        Assert.DoesNotContain("sk-secret", failed.ToString(), StringComparison.Ordinal);
        if (status == 429)
            Assert.Equal(TimeSpan.FromSeconds(12), failed.RetryAfter);
    }

    [Fact]
    public async Task OpenAI_chat_is_read_as_it_comes()
    {
        Routes["POST /v1/chat/completions"] = async http =>
        {
            http.Response.ContentType = "text/event-stream";
            foreach (var piece in (string[])["Good", " day", "."])
                await http.Response.WriteAsync($$$"""data: {"id": "c1", "choices": [{"index": 0, "delta": {"content": "{{{piece}}}"}, "finish_reason": null}]}""" + "\n\n");
            await http.Response.WriteAsync("""data: {"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}""" + "\n\ndata: [DONE]\n\n");
        };
        var connector = Sample("openai.json", "openai-chat", "sk-secret");
        var result = Assert.IsType<CompletedResult>(await RunAsync(connector, """{"messages": [{"role": "user", "content": "Hello"}]}"""));
        Assert.Equal("Good day.", result.Result!.GetValue<string>());
        Assert.Equal("""{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}],"stream":true}""", Bodies.Single()!.ToJsonString());
    }

    [Fact]
    public async Task Ollama_is_read_line_by_line_and_a_model_that_it_lacks_is_looked_for_elsewhere()
    {
        Routes["POST /api/generate"] = async http =>
        {
            if (Bodies.Last()!["model"]!.GetValue<string>() == "none")
            {
                await Says("""{"error":"model 'none' not found"}""", 404)(http);
                return;
            }

            http.Response.ContentType = "application/x-ndjson";
            await http.Response.WriteAsync("""{"model":"tiny","response":"The sky","done":false}""" + "\n" + """{"model":"tiny","response":" is blue.","done":false}""" + "\n");
            await http.Response.WriteAsync("""{"model":"tiny","response":"","done":true,"done_reason":"stop","eval_count":7}""" + "\n");
        };
        var connector = Sample("ollama.json", "ollama");
        Assert.True(connector.Instances.Single().OnThisMachine);
        var result = Assert.IsType<CompletedResult>(await RunAsync(connector, """{"model": "tiny", "prompt": "Why is the sky blue?"}"""));
        Assert.Equal("The sky is blue.", result.Result!["text"]!.GetValue<string>());
        Assert.Equal(7, result.Result["last"]!["eval_count"]!.GetValue<int>());

        var failed = await FailAsync(connector, """{"model": "none", "prompt": "?"}""");
        Assert.Equal((FailureClass.MissingHere, "model_not_found"), (failed.Class, failed.Reason));
    }
}

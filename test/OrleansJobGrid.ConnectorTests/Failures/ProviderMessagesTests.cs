using OrleansJobGrid.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Failures;

/// <summary>Providers of models over HTTP: limits, credentials, missing models, content that they refuse.</summary>
public sealed class ProviderMessagesTests : ClassifierTestBase
{
    [Theory]
    [InlineData(429, """{"error":{"message":"Rate limit reached for gpt-image-1 in organization org-x on images per min: Limit 5, Used 5, Requested 1. Please try again in 12s.","type":"requests","param":null,"code":"rate_limit_exceeded"}}""", "too_many_requests")]
    [InlineData(429, """{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}""", "tokens_per_minute")]
    [InlineData(429, """{"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your per-minute rate limit"}}""", "too_many_requests")]
    [InlineData(429, """{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}""", "too_many_requests")]
    [InlineData(429, """{"detail":"Request was throttled. Your rate limit for creating predictions is 600 requests per minute. Your rate limit resets in ~5s.","status":429}""", "too_many_requests")]
    [InlineData(429, """{"id":"x","name":"rate_limit_exceeded","errors":["You have exceeded the rate limit of 150 requests within a 10 second period, and have been timed out for 60 seconds."]}""", "too_many_requests")]
    [InlineData(429, "", "too_many_requests")]
    [InlineData(429, """{"error":"Too many concurrent requests for this account"}""", "concurrent_limit")]
    public void RateLimits(int status, string body, string reason) => Answered(status, body, FailureClass.RateLimited, reason);

    [Theory]
    [InlineData(429, """{"error":{"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""", "quota_exhausted")]
    [InlineData(400, """{"error":{"message":"Billing hard limit has been reached","type":"invalid_request_error","param":null,"code":"billing_hard_limit_reached"}}""", "quota_exhausted")]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API. Please go to Plans & Billing to upgrade or purchase credits."}}""", "quota_exhausted")]
    [InlineData(402, """{"name":"payment_required","errors":["You lack sufficient credits to make this request."]}""", "quota_exhausted")]
    [InlineData(401, """{"error":{"message":"Incorrect API key provided: sk-x. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""", "invalid_credentials")]
    [InlineData(401, """{"title":"Unauthenticated","detail":"You did not pass an authentication token","status":401}""", "invalid_credentials")]
    [InlineData(401, "", "invalid_credentials")]
    [InlineData(400, """{"error":{"code":400,"message":"API key expired. Please renew the API key.","status":"INVALID_ARGUMENT"}}""", "expired_credentials")]
    [InlineData(403, "", "permission_denied")]
    [InlineData(403, "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr><center>nginx</center></body></html>", "permission_denied")]
    public void CredentialsAndCredit_AreNotMendedByWaiting(int status, string body, string reason) => Answered(status, body, FailureClass.Unauthorized, reason);

    [Theory]
    [InlineData(404, """{"error":"model \"llama3.2-vision\" not found, try pulling it first"}""")]
    [InlineData(404, """{"error":"model 'llama3.2-vision' not found"}""")]
    [InlineData(404, """{"error":{"message":"The model `gpt-image-9` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}""")]
    [InlineData(404, """{"error":"Repository not found","message":"Repository Not Found for url: https://huggingface.co/api/models/acme/none."}""")]
    [InlineData(500, """{"detail":"acme/none is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'"}""")]
    public void MissingModels(int status, string body) => Answered(status, body, FailureClass.MissingHere, "model_not_found");

    [Theory]
    [InlineData("requests.exceptions.HTTPError", "404 Client Error: Not Found for url: https://huggingface.co/acme/none/resolve/main/config.json")]
    [InlineData("huggingface_hub.errors.RepositoryNotFoundError", "401 Client Error. (Request ID: Root=1-x)")]
    [InlineData("huggingface_hub.utils._errors.EntryNotFoundError", "404 Client Error.")]
    public void MissingModels_AsHuggingFacesLibraryTells(string type, string message) => Told(type, message, FailureClass.MissingHere, "model_not_found");

    [Theory]
    [InlineData(400, """{"error":{"code":"content_policy_violation","message":"Your request was rejected as a result of our safety system. Your prompt may contain text that is not allowed by our safety system.","param":null,"type":"invalid_request_error"}}""", "policy_violation")]
    [InlineData(400, """{"error":{"message":"Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com and include the request ID req_x. safety_violations=[sexual].","type":"image_generation_user_error","param":null,"code":"moderation_blocked"}}""", "adult_content")]
    [InlineData(400, """{"error":{"message":"Your request was rejected by the safety system. safety_violations=[violence].","type":"image_generation_user_error","param":null,"code":"moderation_blocked"}}""", "violence_detected")]
    [InlineData(400, """{"error":{"message":"Your request was rejected by the safety system.","type":"image_generation_user_error","param":null,"code":"moderation_blocked"}}""", "policy_violation")]
    [InlineData(400, """{"id":"x","name":"invalid_prompts","message":"Invalid prompts detected"}""", "policy_violation")]
    [InlineData(403, """{"id":"x","name":"content_moderation","errors":["Your request was flagged by our content moderation system, as a result your request was denied and you were not charged."]}""", "policy_violation")]
    [InlineData(200, """{"promptFeedback":{"blockReason":"SAFETY","safetyRatings":[{"category":"HARM_CATEGORY_SEXUALLY_EXPLICIT","probability":"HIGH"}]}}""", "policy_violation")]
    [InlineData(200, """{"candidates":[{"finishReason":"SAFETY","index":0}]}""", "policy_violation")]
    [InlineData(200, """{"candidates":[{"finishReason":"PROHIBITED_CONTENT"}]}""", "policy_violation")]
    [InlineData(200, """{"candidates":[{"finishReason":"IMAGE_SAFETY"}]}""", "output_filtered")]
    [InlineData(200, """{"candidates":[{"finishReason":"RECITATION"}]}""", "copyright_violation")]
    [InlineData(400, """{"error":{"code":"content_filter","message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}""", "policy_violation")]
    [InlineData(500, """{"detail":"NSFW content detected. Try running it again, or try a different prompt."}""", "adult_content")]
    [InlineData(400, """{"error":"Image generation failed: generated image was filtered"}""", "output_filtered")]
    [InlineData(400, """{"detail":"Prompt contains a celebrity, which is not allowed"}""", "real_person")]
    [InlineData(451, "", "policy_violation")]
    public void RefusedContent(int status, string body, string reason) => Answered(status, body, FailureClass.Refused, reason);

    [Theory]
    [InlineData(400, """{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130112 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", "context_too_long")]
    [InlineData(400, """{"error":{"message":"Invalid value: '2048x2048'. Supported values are: '1024x1024', '1024x1536'.","type":"invalid_request_error","param":"size","code":"invalid_value"}}""", "invalid_parameter")]
    [InlineData(400, """{"error":{"message":"Missing required parameter: 'prompt'.","type":"invalid_request_error","param":"prompt","code":"missing_required_parameter"}}""", "missing_required_field")]
    [InlineData(400, """{"id":"x","name":"bad_request","errors":["steps: must be at least 10"]}""", "invalid_parameter")]
    [InlineData(413, "<html><head><title>413 Request Entity Too Large</title></head></html>", "payload_too_large")]
    [InlineData(413, "Maximum request body size 104857600 exceeded, actual body size 104857601", "payload_too_large")]
    [InlineData(415, "", "unsupported_format")]
    [InlineData(400, "", "invalid_payload")]
    [InlineData(418, "I'm a teapot", "invalid_payload")]
    public void WrongRequests(int status, string body, string reason) => Answered(status, body, FailureClass.Malformed, reason);
}

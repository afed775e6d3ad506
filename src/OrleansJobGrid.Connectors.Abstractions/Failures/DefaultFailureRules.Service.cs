using static OrleansJobGrid.Connectors.FailureClass;

namespace OrleansJobGrid.Connectors.Failures;

/// <content>What is said of the service, the account and the way there.</content>
public static partial class DefaultFailureRules
{
    private static FailureRule[] Limits() =>
    [
        // Answered with 429 like a rate limit, but no wait mends it.
        new("quota_exhausted_type", Unauthorized, FailureReason.QuotaExhausted) { ServiceErrorType = "insufficient_quota billing_not_active billing_hard_limit_reached insufficient_credits payment_required access_terminated" },
        new("quota_exhausted", Unauthorized, FailureReason.QuotaExhausted)
        {
            Message = Text(@"exceeded your current quota, please check your plan|insufficient[_ ](quota|credits?|balance|funds)|credit balance is too low|out of credits|billing (hard )?limit|payment required|not have enough (credits|balance)"),
        },
        new("concurrent_limit", RateLimited, FailureReason.ConcurrentLimit) { Message = Text(@"(concurren\w+|simultaneous|parallel|in[- ]flight).{0,40}(limit|quota|exceeded|too many)|too many (concurrent|simultaneous|parallel)|maximum (number of )?(concurrent|pending) (requests|jobs)") },
        new("tokens_per_minute", RateLimited, FailureReason.TokensPerMinute) { Message = Text(@"tokens per (min|minute|day)|\bTPM\b|token rate limit") },
        new("rate_limit_type", RateLimited, FailureReason.TooManyRequests) { ServiceErrorType = "rate_limit_exceeded rate_limit_error RESOURCE_EXHAUSTED TooManyRequests ThrottlingException throttled" },
        new("rate_limit", RateLimited, FailureReason.TooManyRequests) { Message = Text(@"rate[- _]?limit(ed|s)?\b|too many requests|request(s)? (was|were|is|are|got|has been) throttled|requests per (second|minute|day|hour)") },
        new("rate_limit_status", RateLimited, FailureReason.TooManyRequests) { Status = (429, 429) },
        new("overloaded_says_when", RateLimited, FailureReason.ServiceOverloaded) { Status = (503, 503), SaysWhen = true },
        new("overloaded", Transient, FailureReason.ServiceOverloaded)
        {
            Message = Text(@"\boverloaded(_error)?\b|model\b.{0,120}\bis (currently|still) loading|server is busy|at capacity|try again later.{0,40}(load|busy|capacity)|queue is full|QueueFull|currently experiencing high (load|demand)"),
        },
    ];

    private static FailureRule[] Credentials() =>
    [
        new("expired_credentials", Unauthorized, FailureReason.ExpiredCredentials) { Message = Text(@"(token|key|credentials?|session|signature|certificate of the client)\b.{0,30}(has |is |was )?expired|ExpiredToken") },
        new("credentials", Unauthorized, FailureReason.InvalidCredentials)
        {
            Message = Text(@"(invalid|incorrect|missing|wrong|no)( or missing)? (api[- _]?key|api[- _]?token|credentials|authentication|bearer token|auth token|access token)|not authenticated|authentication (failed|required)|invalid_api_key"),
        },
        new("credentials_status", Unauthorized, FailureReason.InvalidCredentials) { Status = (401, 401) },
        new("payment_status", Unauthorized, FailureReason.QuotaExhausted) { Status = (402, 402) },
        new("permission_status", Unauthorized, FailureReason.PermissionDenied) { Status = (403, 403) },
        new("gated_repository", Unauthorized, FailureReason.PermissionDenied) { Message = Text(@"Access to model .{0,200} is restricted|GatedRepo|Cannot access gated repo") },
        new("proxy_authentication_status", Unauthorized, FailureReason.InvalidCredentials) { Status = (407, 407) },
    ];

    private static FailureRule[] Network() =>
    [
        new("dns_type", Transient, FailureReason.DnsFailure) { ServiceErrorType = "NameResolutionError HostNotFound TryAgain NoData NoRecovery" },
        new("dns", Transient, FailureReason.DnsFailure)
        {
            Message = Text(@"Name or service not known|Temporary failure in name resolution|No such host is known|nodename nor servname|\bENOTFOUND\b|\bEAI_AGAIN\b|getaddrinfo failed|Could not resolve host|Name does not resolve"),
        },
        // The way in comes before the way that it failed: .NET tells both for a refused TLS handshake.
        new("tls_type", Transient, FailureReason.TlsFailure) { ServiceErrorType = "SecureConnectionError" },
        new("tls", Transient, FailureReason.TlsFailure)
        {
            Message = Text(@"SSL connection could not be established|certificate verify failed|CERTIFICATE_VERIFY_FAILED|remote certificate (is|was) (invalid|rejected)|(TLS|SSL) handshake|UntrustedRoot|self[- ]signed certificate|wrong version number"),
        },
        new("refused_type", Transient, FailureReason.ConnectionRefused) { ServiceErrorType = "ConnectionRefused" },
        new("refused", Transient, FailureReason.ConnectionRefused)
        {
            Message = Text(@"Connection refused|\bECONNREFUSED\b|actively refused it|Errno 111|Failed to connect to .{0,120} port"),
        },
        new("unreachable_type", Transient, FailureReason.HostUnreachable) { ServiceErrorType = "HostUnreachable NetworkUnreachable HostDown NetworkDown" },
        new("unreachable", Transient, FailureReason.HostUnreachable) { Message = Text(@"No route to host|(Network|Host) is (unreachable|down)|\bE(HOST|NET)UNREACH\b") },
        new("connection_timeout_type", Transient, FailureReason.ConnectionTimeout) { ServiceErrorType = "TimedOut" },
        new("connection_timeout", Transient, FailureReason.ConnectionTimeout)
        {
            Message = Text(@"connect(ion)? (attempt )?(timed out|timeout)|\bETIMEDOUT\b|A connection could not be established within the configured ConnectTimeout|ConnectTimeoutError"),
        },
        new("truncated_type", Transient, FailureReason.TruncatedResponse) { ServiceErrorType = "ResponseEnded" },
        new("truncated", Transient, FailureReason.TruncatedResponse)
        {
            Message = Text(@"response ended prematurely|IncompleteRead|unexpected end of (file|stream|data|JSON)|Unable to read beyond the end of the stream|Unexpected EOF|peer closed connection without sending complete message|Expected (the value|depth|end of).{0,120}(reached end of data|end of the JSON)|reached end of data"),
        },
        new("lost_type", Transient, FailureReason.ConnectionLost) { ServiceErrorType = "ConnectionReset ConnectionAborted Shutdown NotConnected Disconnecting" },
        new("lost", Transient, FailureReason.ConnectionLost)
        {
            Message = Text(@"Connection reset|\bECONNRESET\b|Broken pipe|\bEPIPE\b|forcibly closed by the remote host|socket hang up|Connection aborted|RemoteDisconnected|remote party closed the WebSocket connection|connection was (closed|lost|aborted)|Server disconnected|transport connection"),
        },
    ];

    private static FailureRule[] Answers() =>
    [
        new("gateway_timeout_status", Transient, FailureReason.GatewayTimeout) { Status = (504, 504) },
        new("generation_timeout", Transient, FailureReason.GenerationTimeout) { Message = Text(@"(generation|inference|execution|prediction|job|task|prompt)\b.{0,40}(timed out|timeout|time limit)") },
        new("timeout_type", Transient, FailureReason.RequestTimeout) { ExceptionType = Text(@"(^|\.)(TimeoutException|TimeoutRejectedException|TimeoutError|ReadTimeout|Timeout)$") },
        new("timeout", Transient, FailureReason.RequestTimeout)
        {
            Message = Text(@"HttpClient\.Timeout of|\btimed out\b|\brequest timeout\b|read timeout|deadline exceeded|DEADLINE_EXCEEDED|TimeoutException"),
        },
        new("json_type", Transient, FailureReason.InvalidJson) { ExceptionType = Text(@"(^|\.)(JsonException|JsonReaderException|JSONDecodeError)$") },
        new("json", Transient, FailureReason.InvalidJson)
        {
            Message = Text(@"is an invalid start of a value|is invalid after a value|Expecting value: line|Unexpected token .{1,20} in JSON|could not be converted to .{1,200}Path: \$|contain any JSON tokens|not valid JSON"),
        },
        new("unexpected_answer", Transient, FailureReason.UnexpectedResponse)
        {
            Message = Text(@"unexpected content[- ]type|Received an invalid (status line|header)|server returned an invalid or unrecognized response|UnsupportedMediaType in response|unexpected response"),
        },
    ];

    private static FailureRule[] Requests() =>
    [
        new("too_large", Malformed, FailureReason.PayloadTooLarge) { Message = Text(@"payload too large|request entity too large|Maximum request body size|body (is )?too large|file (is )?too large|image (is )?too large") },
        new("context_length", Malformed, FailureReason.ContextTooLong) { Message = Text(@"context_length_exceeded|maximum context length|prompt is too long|exceeds? (the )?(model's )?(maximum )?(context|input) (length|window|size)") },
        new("unreadable_file", Malformed, FailureReason.UnsupportedFormat)
        {
            Message = Text(@"cannot identify image file|UnidentifiedImageError|unsupported (image|file|media) (format|type)|Invalid (encoded )?image|Image decoding failed|broken data stream when reading image|Incorrect padding"),
        },
        new("unreadable_file_type", Malformed, FailureReason.UnsupportedFormat) { ExceptionType = Text(@"(^|\.)UnidentifiedImageError$") },
        new("incompatible", Malformed, FailureReason.IncompatibleInputs)
        {
            Message = Text(@"shapes cannot be multiplied|Sizes of tensors must match|size mismatch for|must match the size of tensor|expected input.{0,120}to have \d+ channels|weight of size .{0,120}expected input"),
        },
        new("input_missing", Malformed, FailureReason.InputMissing) { Message = Text(@"(Init|Input|Source|Mask) (image|video|file|audio) not found|no image (was )?(provided|given)") },
        new("sampler_unknown", Malformed, FailureReason.InvalidParameter) { Message = Text(@"\b(sampler|scheduler|style)\b.{0,60}not found|Unknown (sampler|scheduler)") },
        new("field_missing", Malformed, FailureReason.MissingRequiredField) { Status = (400, 422), Message = Text(@"\bfield required\b|value_error\.missing|missing required (parameter|field|argument|property)|is a required property|\b(is|are) required\b") },
        new("field_missing_type", Malformed, FailureReason.MissingRequiredField) { Status = (400, 422), ServiceErrorType = "missing value_error.missing missing_required_parameter" },
        new("parameter", Malformed, FailureReason.InvalidParameter)
        {
            Status = (400, 422),
            Message = Text(@"Input should be|ensure this value is|value is not a valid|must be (one of|at least|at most|less than|greater than|between|a multiple of|a valid)|not a valid (value|choice)|out of range|Invalid value"),
        },
        new("parameter_type", Malformed, FailureReason.InvalidParameter) { ServiceErrorType = "invalid_value invalid_parameter unknown_parameter INVALID_ARGUMENT" },
    ];

    /// <summary>What a status alone says; 520 to 526 and 530 are Cloudflare's, 529 is what several providers answer when they are overloaded.</summary>
    private static FailureRule[] Statuses() =>
    [
        new("status_408", Transient, FailureReason.RequestTimeout) { Status = (408, 408) },
        new("status_404", MissingHere, FailureReason.EndpointNotFound) { Status = (404, 405) },
        new("status_409", Transient, FailureReason.InternalError) { Status = (409, 409) },
        new("status_410", MissingHere, FailureReason.EndpointNotFound) { Status = (410, 410) },
        new("status_413", Malformed, FailureReason.PayloadTooLarge) { Status = (413, 414) },
        new("status_415", Malformed, FailureReason.UnsupportedFormat) { Status = (415, 415) },
        new("status_423", Transient, FailureReason.ServiceOverloaded) { Status = (423, 425) },
        new("status_451", Refused, FailureReason.PolicyViolation) { Status = (451, 451) },
        new("status_4xx", Malformed, FailureReason.InvalidPayload) { Status = (400, 499) },
        new("status_501", MissingHere, FailureReason.EndpointNotFound) { Status = (501, 501) },
        new("status_502", Transient, FailureReason.ServiceDown) { Status = (502, 502) },
        new("status_503", Transient, FailureReason.ServiceDown) { Status = (503, 503) },
        new("status_507", ResourceExhaustion, FailureReason.DiskSpaceFull) { Status = (507, 507) },
        new("status_520", Transient, FailureReason.UnexpectedResponse) { Status = (520, 520) },
        new("status_521", Transient, FailureReason.ConnectionRefused) { Status = (521, 521) },
        new("status_522", Transient, FailureReason.ConnectionTimeout) { Status = (522, 522) },
        new("status_523", Transient, FailureReason.HostUnreachable) { Status = (523, 523) },
        new("status_524", Transient, FailureReason.GatewayTimeout) { Status = (524, 524) },
        new("status_525", Transient, FailureReason.TlsFailure) { Status = (525, 526) },
        new("status_529", Transient, FailureReason.ServiceOverloaded) { Status = (529, 529) },
        new("status_530", Transient, FailureReason.DnsFailure) { Status = (530, 530) },
        new("status_5xx", Transient, FailureReason.InternalError) { Status = (500, 599) },
    ];
}

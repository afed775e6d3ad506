using System.Collections.Frozen;

namespace OrleansJobGrid.Connectors.Failures;

/// <summary>
/// The reasons of the taxonomy, each of one type and with the class that holds where nothing says otherwise. A connector may name a
/// reason of its own that is more exact; the rules name these only.
/// </summary>
public static class FailureReason
{
    // GenerationRefusal
    /// <summary>The content is violent.</summary>
    public const string ViolenceDetected = "violence_detected";

    /// <summary>The content is sexual, or "not safe for work".</summary>
    public const string AdultContent = "adult_content";

    /// <summary>The content is hateful or harasses.</summary>
    public const string HateSpeech = "hate_speech";

    /// <summary>The content is about self-harm.</summary>
    public const string SelfHarm = "self_harm";

    /// <summary>The content endangers minors.</summary>
    public const string ChildSafety = "child_safety";

    /// <summary>The content is illegal or dangerous.</summary>
    public const string IllegalContent = "illegal_content";

    /// <summary>The content is protected.</summary>
    public const string CopyrightViolation = "copyright_violation";

    /// <summary>The content shows a real person.</summary>
    public const string RealPerson = "real_person";

    /// <summary>The content is against the service's policy, which says no more.</summary>
    public const string PolicyViolation = "policy_violation";

    /// <summary>The work was done, and its result held back by a filter.</summary>
    public const string OutputFiltered = "output_filtered";

    // ServiceError
    /// <summary>The service does not run.</summary>
    public const string ServiceDown = "service_down";

    /// <summary>The service has too much to do.</summary>
    public const string ServiceOverloaded = "service_overloaded";

    /// <summary>The service failed inside.</summary>
    public const string InternalError = "internal_error";

    /// <summary>The device or its driver failed; the service may need a restart.</summary>
    public const string GpuError = "gpu_error";

    /// <summary>The instance has the model, but cannot load it.</summary>
    public const string ModelLoadFailed = "model_load_failed";

    /// <summary>The instance does not have the route that was asked for.</summary>
    public const string EndpointNotFound = "endpoint_not_found";

    // Timeout
    /// <summary>No answer in time.</summary>
    public const string RequestTimeout = "request_timeout";

    /// <summary>No connection in time.</summary>
    public const string ConnectionTimeout = "connection_timeout";

    /// <summary>A proxy had no answer of the service in time.</summary>
    public const string GatewayTimeout = "gateway_timeout";

    /// <summary>The work took too long for the service.</summary>
    public const string GenerationTimeout = "generation_timeout";

    // ValidationError
    /// <summary>The request as a whole is wrong.</summary>
    public const string InvalidPayload = "invalid_payload";

    /// <summary>Something that must be given is not.</summary>
    public const string MissingRequiredField = "missing_required_field";

    /// <summary>A value is out of its range, or of the wrong kind.</summary>
    public const string InvalidParameter = "invalid_parameter";

    /// <summary>The graph of a workflow is wrong.</summary>
    public const string InvalidWorkflow = "invalid_workflow";

    /// <summary>A file or body of a form that the service does not read.</summary>
    public const string UnsupportedFormat = "unsupported_format";

    /// <summary>The request or a file of it is too large.</summary>
    public const string PayloadTooLarge = "payload_too_large";

    /// <summary>The text is longer than the model takes.</summary>
    public const string ContextTooLong = "context_too_long";

    /// <summary>Models or inputs that do not go together.</summary>
    public const string IncompatibleInputs = "incompatible_inputs";

    /// <summary>A file that the job names is not there.</summary>
    public const string InputMissing = "input_missing";

    /// <summary>The instance does not have the model.</summary>
    public const string ModelNotFound = "model_not_found";

    /// <summary>The instance does not have the node, the extension or the module.</summary>
    public const string NodeNotFound = "node_not_found";

    // ResourceLimit
    /// <summary>The machine's memory is short.</summary>
    public const string OutOfMemory = "out_of_memory";

    /// <summary>The device's memory is short.</summary>
    public const string GpuMemoryFull = "gpu_memory_full";

    /// <summary>The disk is full.</summary>
    public const string DiskSpaceFull = "disk_space_full";

    /// <summary>Too many at a time for the service or the account.</summary>
    public const string ConcurrentLimit = "concurrent_limit";

    /// <summary>More output than is allowed.</summary>
    public const string OutputLimit = "output_limit";

    // AuthError
    /// <summary>The credentials are missing or wrong.</summary>
    public const string InvalidCredentials = "invalid_credentials";

    /// <summary>The credentials are not valid any more.</summary>
    public const string ExpiredCredentials = "expired_credentials";

    /// <summary>The credentials are right and do not allow this.</summary>
    public const string PermissionDenied = "permission_denied";

    /// <summary>The account's credit or quota is used up; waiting does not mend it.</summary>
    public const string QuotaExhausted = "quota_exhausted";

    // RateLimit
    /// <summary>Too many requests in a time.</summary>
    public const string TooManyRequests = "too_many_requests";

    /// <summary>Too many tokens in a time.</summary>
    public const string TokensPerMinute = "tokens_per_minute";

    // NetworkError
    /// <summary>Nothing listens there.</summary>
    public const string ConnectionRefused = "connection_refused";

    /// <summary>The connection broke.</summary>
    public const string ConnectionLost = "connection_lost";

    /// <summary>The name has no address.</summary>
    public const string DnsFailure = "dns_failure";

    /// <summary>The secure connection could not be made.</summary>
    public const string TlsFailure = "tls_failure";

    /// <summary>There is no way to the host.</summary>
    public const string HostUnreachable = "host_unreachable";

    // ResponseError
    /// <summary>The answer is not the JSON that it should be.</summary>
    public const string InvalidJson = "invalid_json";

    /// <summary>The answer ends too early.</summary>
    public const string TruncatedResponse = "truncated_response";

    /// <summary>The answer is of another kind than expected.</summary>
    public const string UnexpectedResponse = "unexpected_response";

    /// <summary>The work ended well, and an output of it is not there.</summary>
    public const string MissingOutput = "missing_output";

    // SystemError
    /// <summary>A process that did the work crashed or was killed.</summary>
    public const string ProcessCrashed = "process_crashed";

    /// <summary>No rule knows it.</summary>
    public const string UnknownError = "unknown_error";

    private static readonly FrozenDictionary<string, (string Type, FailureClass Class)> Known =
        new Dictionary<string, (string, FailureClass)>(StringComparer.Ordinal)
        {
            [ViolenceDetected] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [AdultContent] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [HateSpeech] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [SelfHarm] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [ChildSafety] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [IllegalContent] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [CopyrightViolation] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [RealPerson] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [PolicyViolation] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [OutputFiltered] = (FailureType.GenerationRefusal, FailureClass.Refused),
            [ServiceDown] = (FailureType.ServiceError, FailureClass.Transient),
            [ServiceOverloaded] = (FailureType.ServiceError, FailureClass.Transient),
            [InternalError] = (FailureType.ServiceError, FailureClass.Transient),
            [GpuError] = (FailureType.ServiceError, FailureClass.Transient),
            [ModelLoadFailed] = (FailureType.ServiceError, FailureClass.MissingHere),
            [EndpointNotFound] = (FailureType.ServiceError, FailureClass.MissingHere),
            [RequestTimeout] = (FailureType.Timeout, FailureClass.Transient),
            [ConnectionTimeout] = (FailureType.Timeout, FailureClass.Transient),
            [GatewayTimeout] = (FailureType.Timeout, FailureClass.Transient),
            [GenerationTimeout] = (FailureType.Timeout, FailureClass.Transient),
            [InvalidPayload] = (FailureType.ValidationError, FailureClass.Malformed),
            [MissingRequiredField] = (FailureType.ValidationError, FailureClass.Malformed),
            [InvalidParameter] = (FailureType.ValidationError, FailureClass.Malformed),
            [InvalidWorkflow] = (FailureType.ValidationError, FailureClass.Malformed),
            [UnsupportedFormat] = (FailureType.ValidationError, FailureClass.Malformed),
            [PayloadTooLarge] = (FailureType.ValidationError, FailureClass.Malformed),
            [ContextTooLong] = (FailureType.ValidationError, FailureClass.Malformed),
            [IncompatibleInputs] = (FailureType.ValidationError, FailureClass.Malformed),
            [InputMissing] = (FailureType.ValidationError, FailureClass.Malformed),
            [ModelNotFound] = (FailureType.ValidationError, FailureClass.MissingHere),
            [NodeNotFound] = (FailureType.ValidationError, FailureClass.MissingHere),
            [OutOfMemory] = (FailureType.ResourceLimit, FailureClass.ResourceExhaustion),
            [GpuMemoryFull] = (FailureType.ResourceLimit, FailureClass.ResourceExhaustion),
            [DiskSpaceFull] = (FailureType.ResourceLimit, FailureClass.ResourceExhaustion),
            [ConcurrentLimit] = (FailureType.ResourceLimit, FailureClass.RateLimited),
            [OutputLimit] = (FailureType.ResourceLimit, FailureClass.ResourceExhaustion),
            [InvalidCredentials] = (FailureType.AuthError, FailureClass.Unauthorized),
            [ExpiredCredentials] = (FailureType.AuthError, FailureClass.Unauthorized),
            [PermissionDenied] = (FailureType.AuthError, FailureClass.Unauthorized),
            [QuotaExhausted] = (FailureType.AuthError, FailureClass.Unauthorized),
            [TooManyRequests] = (FailureType.RateLimit, FailureClass.RateLimited),
            [TokensPerMinute] = (FailureType.RateLimit, FailureClass.RateLimited),
            [ConnectionRefused] = (FailureType.NetworkError, FailureClass.Transient),
            [ConnectionLost] = (FailureType.NetworkError, FailureClass.Transient),
            [DnsFailure] = (FailureType.NetworkError, FailureClass.Transient),
            [TlsFailure] = (FailureType.NetworkError, FailureClass.Transient),
            [HostUnreachable] = (FailureType.NetworkError, FailureClass.Transient),
            [InvalidJson] = (FailureType.ResponseError, FailureClass.Transient),
            [TruncatedResponse] = (FailureType.ResponseError, FailureClass.Transient),
            [UnexpectedResponse] = (FailureType.ResponseError, FailureClass.Transient),
            [MissingOutput] = (FailureType.ResponseError, FailureClass.Transient),
            [ProcessCrashed] = (FailureType.SystemError, FailureClass.Transient),
            [UnknownError] = (FailureType.SystemError, FailureClass.Transient),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>All of them, in no promised order.</summary>
    public static IEnumerable<string> All => Known.Keys;

    /// <summary>Whether the taxonomy has it.</summary>
    public static bool Exists(string reason) => Known.ContainsKey(reason);

    /// <summary>Whether it tells of the machine, which would fail other jobs too, and not of the job: its device or its disk.</summary>
    public static bool IsOfTheMachine(string reason) => reason is GpuError or DiskSpaceFull;

    /// <summary>The type that it belongs to and the class that it usually is; null: not one of the taxonomy's.</summary>
    public static (string Type, FailureClass Class)? Find(string reason) => Known.TryGetValue(reason, out var found) ? found : null;
}

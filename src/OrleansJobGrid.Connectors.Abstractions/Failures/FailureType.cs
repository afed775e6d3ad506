using System.Collections.Frozen;

namespace OrleansJobGrid.Connectors.Failures;

/// <summary>The types of the taxonomy: where a failure comes from. Each has a class and a reason that hold where nothing more is known.</summary>
public static class FailureType
{
    /// <summary>The service will not make such content.</summary>
    public const string GenerationRefusal = "generation_refusal";

    /// <summary>The service or its device broke.</summary>
    public const string ServiceError = "service_error";

    /// <summary>Something took too long.</summary>
    public const string Timeout = "timeout";

    /// <summary>What was asked for is wrong, or not there.</summary>
    public const string ValidationError = "validation_error";

    /// <summary>Memory, disk or places ran out.</summary>
    public const string ResourceLimit = "resource_limit";

    /// <summary>Credentials, rights or the account's credit.</summary>
    public const string AuthError = "auth_error";

    /// <summary>Too many requests.</summary>
    public const string RateLimit = "rate_limit";

    /// <summary>The service could not be reached, or the connection broke.</summary>
    public const string NetworkError = "network_error";

    /// <summary>The service answered with what nobody can read.</summary>
    public const string ResponseError = "response_error";

    /// <summary>Anything else, and the grid's own.</summary>
    public const string SystemError = "system_error";

    private static readonly FrozenDictionary<string, (FailureClass Class, string Reason)> Known =
        new Dictionary<string, (FailureClass, string)>(StringComparer.Ordinal)
        {
            [GenerationRefusal] = (FailureClass.Refused, FailureReason.PolicyViolation),
            [ServiceError] = (FailureClass.Transient, FailureReason.InternalError),
            [Timeout] = (FailureClass.Transient, FailureReason.RequestTimeout),
            [ValidationError] = (FailureClass.Malformed, FailureReason.InvalidPayload),
            [ResourceLimit] = (FailureClass.ResourceExhaustion, FailureReason.OutOfMemory),
            [AuthError] = (FailureClass.Unauthorized, FailureReason.InvalidCredentials),
            [RateLimit] = (FailureClass.RateLimited, FailureReason.TooManyRequests),
            [NetworkError] = (FailureClass.Transient, FailureReason.ConnectionLost),
            [ResponseError] = (FailureClass.Transient, FailureReason.UnexpectedResponse),
            [SystemError] = (FailureClass.Transient, FailureReason.UnknownError),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>All ten, in no promised order.</summary>
    public static IEnumerable<string> All => Known.Keys;

    /// <summary>Whether the taxonomy has it.</summary>
    public static bool Exists(string type) => Known.ContainsKey(type);

    internal static (FailureClass Class, string Reason) DefaultOf(string type) => Known[type];

    /// <summary>The type of a failure of which only the class is known.</summary>
    internal static string Of(FailureClass failureClass) => failureClass switch
    {
        FailureClass.Transient => SystemError,
        FailureClass.ResourceExhaustion => ResourceLimit,
        FailureClass.Malformed or FailureClass.MissingHere => ValidationError,
        FailureClass.Refused => GenerationRefusal,
        FailureClass.Unauthorized => AuthError,
        FailureClass.RateLimited => RateLimit,
        _ => throw new ArgumentOutOfRangeException(nameof(failureClass), failureClass, "No such class of failure."),
    };
}

namespace OrleansJobGrid.Connectors.Rest;

/// <summary>What a service's status and error type mean for the job.</summary>
internal static class RestFailures
{
    public static FailedResult Of(int? status, string? type, string? message, TimeSpan? retryAfter = null)
    {
        var failureClass = ClassOf(status, type);
        return new(failureClass, type ?? ReasonOf(failureClass), message ?? (status is null ? "The service gave no reason." : $"The service answered {status}."), retryAfter);
    }

    public static FailedResult Of(RestError? error) => Of(error?.Status, error?.Type, error?.Message);

    private static FailureClass ClassOf(int? status, string? type) => (type, status) switch
    {
        ("missing_model" or "missing_node", _) => FailureClass.MissingHere,
        ("out_of_memory", _) => FailureClass.ResourceExhaustion,
        (_, 400 or 413 or 422) => FailureClass.Malformed,
        (_, 401 or 403) => FailureClass.Unauthorized,
        (_, 404 or 501) => FailureClass.MissingHere,
        (_, 429) => FailureClass.RateLimited,
        (_, 451) => FailureClass.Refused,
        (_, 507) => FailureClass.ResourceExhaustion,
        _ => FailureClass.Transient,
    };

    private static string ReasonOf(FailureClass failureClass) => failureClass switch
    {
        FailureClass.Malformed => "invalid_payload",
        FailureClass.Unauthorized => "unauthorized",
        FailureClass.MissingHere => "missing_here",
        FailureClass.RateLimited => "rate_limited",
        FailureClass.Refused => "refused",
        FailureClass.ResourceExhaustion => "out_of_memory",
        _ => "service_error",
    };
}

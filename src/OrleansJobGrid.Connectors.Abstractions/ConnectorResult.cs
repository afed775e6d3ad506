using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors;

/// <summary>How an attempt ended: <see cref="CompletedResult"/> or <see cref="FailedResult"/>.</summary>
public abstract record ConnectorResult
{
    private protected ConnectorResult() { }

    /// <summary>
    /// The connector cannot say what became of the work outside (the service does not answer, or was restarted): the grid asks, and
    /// decides by what it finds. Counts no attempt.
    /// </summary>
    /// <param name="message">For a person: what was tried.</param>
    public static ConnectorResult Unsure(string message) => new UnsureResult(message);

    /// <summary>The work made no progress within its stall timeout, or another limit of the service's own, and was stopped: the job times out.</summary>
    /// <param name="message">For a person.</param>
    public static ConnectorResult Stalled(string message) => new StalledResult(message);

    /// <summary>The work is done.</summary>
    /// <param name="result">The job's result, a JSON value; null: none.</param>
    /// <param name="outputs">Files that were kept.</param>
    public static ConnectorResult Completed(JsonNode? result, IReadOnlyList<JobOutput>? outputs = null) => new CompletedResult(result, outputs ?? []);

    /// <summary>The attempt failed; what that means is read from the evidence by rules (<see cref="FailureClassifier"/>).</summary>
    /// <param name="evidence">All that is known. What the connector itself knows for certain goes into its hints, which come before the rules.</param>
    public static ConnectorResult Failed(FailureEvidence evidence) => new FailedResult(evidence);

    /// <summary>The attempt failed, and the connector knows what that means.</summary>
    /// <param name="failureClass">Decides whether and when it is tried again.</param>
    /// <param name="reason">The failure's name in the taxonomy, such as <c>invalid_payload</c>.</param>
    /// <param name="message">For a person: what was wrong, naming the field, and what to do.</param>
    /// <param name="retryAfter">What a rate-limited service asked for.</param>
    public static ConnectorResult Failed(FailureClass failureClass, string reason, string message, TimeSpan? retryAfter = null) =>
        new FailedResult(failureClass, reason, message, retryAfter);
}

/// <summary>See <see cref="ConnectorResult.Completed"/>.</summary>
public sealed record CompletedResult(JsonNode? Result, IReadOnlyList<JobOutput> Outputs) : ConnectorResult;

/// <summary>See <see cref="ConnectorResult.Unsure"/>.</summary>
public sealed record UnsureResult(string Message) : ConnectorResult;

/// <summary>See <see cref="ConnectorResult.Stalled"/>.</summary>
public sealed record StalledResult(string Message) : ConnectorResult;

/// <summary>See <see cref="ConnectorResult.Failed(FailureEvidence)"/>.</summary>
public sealed record FailedResult : ConnectorResult
{
    private readonly Lazy<FailureVerdict> _verdict;

    /// <summary>A failure of which this is known.</summary>
    public FailedResult(FailureEvidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        Evidence = evidence;
        _verdict = new(() => FailureClassifier.Default.Classify(evidence));
    }

    /// <summary>A failure that the connector has judged itself.</summary>
    public FailedResult(FailureClass failureClass, string reason, string message, TimeSpan? retryAfter)
        : this(new FailureEvidence { Message = message, KnownClass = failureClass, KnownReason = reason, RetryAfter = retryAfter })
    {
    }

    /// <summary>All that is known.</summary>
    public FailureEvidence Evidence { get; }

    /// <summary>The class by the built-in rules; a worker's configured rules may say otherwise where the connector does not.</summary>
    public FailureClass Class => _verdict.Value.Class;

    /// <summary>The reason, likewise.</summary>
    public string Reason => _verdict.Value.Reason;

    /// <summary>For a person.</summary>
    public string Message => Evidence.Message;

    /// <summary>What a rate-limited service asked for.</summary>
    public TimeSpan? RetryAfter => Evidence.RetryAfter;

    /// <summary>Equal where the same is known.</summary>
    public bool Equals(FailedResult? other) => other is not null && Evidence == other.Evidence;

    /// <inheritdoc/>
    public override int GetHashCode() => Evidence.GetHashCode();
}

/// <summary>Classes of failure, each with its rule of retry.</summary>
public enum FailureClass
{
    /// <summary>May pass by itself: backoff, 5 attempts.</summary>
    Transient,

    /// <summary>Not enough memory or room: at once, 3 attempts.</summary>
    ResourceExhaustion,

    /// <summary>The job is wrong: never again.</summary>
    Malformed,

    /// <summary>The service will not do this: never again.</summary>
    Refused,

    /// <summary>The credentials are wrong: never again.</summary>
    Unauthorized,

    /// <summary>Too many requests: as the service said.</summary>
    RateLimited,

    /// <summary>This instance lacks something that the job needs, a model or a node: at once at another one.</summary>
    MissingHere,
}

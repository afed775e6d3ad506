namespace OrleansJobGrid.Client;

/// <summary>Which dead letters to list, newest first; what is null does not filter.</summary>
public sealed record DeadLetterQuery
{
    /// <summary>The service required.</summary>
    public string? Service { get; init; }

    /// <summary>Whose jobs.</summary>
    public string? CustomerId { get; init; }

    /// <summary>Those of one kind: <see cref="DeadLetterGroup.Fingerprint"/>.</summary>
    public string? Fingerprint { get; init; }

    /// <summary><see cref="JobStatus.Failed"/> or <see cref="JobStatus.Timeout"/>.</summary>
    public string? Status { get; init; }

    /// <summary>Jobs a page; null: 50.</summary>
    public int? Limit { get; init; }

    /// <summary><see cref="DeadLetterPage.NextCursor"/> of the page before; null: the first page.</summary>
    public string? Cursor { get; init; }

    internal string ToQueryString() => Query.Of(
        ("service", Service), ("customer_id", CustomerId), ("fingerprint", Fingerprint), ("status", Status), ("limit", Limit?.ToString()), ("cursor", Cursor));
}

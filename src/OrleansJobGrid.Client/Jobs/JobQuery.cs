namespace OrleansJobGrid.Client;

/// <summary>Which jobs to list, newest first; what is null does not filter.</summary>
public sealed record JobQuery
{
    /// <summary>One of <see cref="JobStatus"/>.</summary>
    public string? Status { get; init; }

    /// <summary>The service required.</summary>
    public string? Service { get; init; }

    /// <summary>Whose jobs.</summary>
    public string? CustomerId { get; init; }

    /// <summary>The workflow that they belong to.</summary>
    public string? WorkflowId { get; init; }

    /// <summary>A prefix of the id.</summary>
    public string? IdPrefix { get; init; }

    /// <summary>Jobs a page; null: 50.</summary>
    public int? Limit { get; init; }

    /// <summary><see cref="JobPage.NextCursor"/> of the page before; null: the first page.</summary>
    public string? Cursor { get; init; }

    internal string ToQueryString() => Query.Of(
        ("status", Status), ("service", Service), ("customer_id", CustomerId), ("workflow_id", WorkflowId), ("q", IdPrefix), ("limit", Limit?.ToString()),
        ("cursor", Cursor));
}

/// <summary>A page of jobs.</summary>
/// <param name="Jobs">The jobs, newest first.</param>
/// <param name="NextCursor">Where the next page begins; null: this was the last.</param>
/// <param name="Timestamp">When the grid answered.</param>
public sealed record JobPage(IReadOnlyList<Job> Jobs, string? NextCursor, DateTimeOffset? Timestamp);

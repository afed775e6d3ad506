namespace OrleansJobGrid.Connectors.Failures;

/// <summary>How failures are understood, section <c>JobGrid:Failures</c> of the configuration.</summary>
public sealed class FailureOptions
{
    /// <summary>Rules that come before the built-in ones, in order: the first that holds decides. Default none.</summary>
    public IList<FailureRuleOptions> Rules { get; } = [];
}

/// <summary>A rule as configured. It needs <see cref="Reason"/> and at least one condition; all conditions must hold.</summary>
public sealed class FailureRuleOptions
{
    /// <summary>Names it in logs. Default its place, such as <c>rule_0</c>.</summary>
    public string? Name { get; set; }

    /// <summary>Condition: the HTTP status, such as <c>503</c> or <c>500-599</c>.</summary>
    public string? Status { get; set; }

    /// <summary>Condition: names of the error as the service gives them, parted by blanks; one must be there.</summary>
    public string? ServiceErrorType { get; set; }

    /// <summary>Condition: a regular expression on the exception's type.</summary>
    public string? ExceptionType { get; set; }

    /// <summary>Condition: a regular expression on the message.</summary>
    public string? Message { get; set; }

    /// <summary>Condition: what the attempt was at, such as <c>submit</c>.</summary>
    public string? Stage { get; set; }

    /// <summary>The class, as in the job's failures (<c>resource_exhaustion</c>). Default the reason's usual one.</summary>
    public string? Class { get; set; }

    /// <summary>The type. Default the reason's.</summary>
    public string? Type { get; set; }

    /// <summary>The reason, one of the taxonomy's.</summary>
    public string? Reason { get; set; }
}

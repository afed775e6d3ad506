using System.Text.RegularExpressions;

namespace OrleansJobGrid.Connectors.Failures;

/// <summary>
/// One row of the table: what must be seen, and what it then means. All conditions that a rule names must hold; a rule without
/// conditions holds always. Patterns are matched without regard to case, anywhere in the text, in time linear in its length.
/// </summary>
/// <param name="Name">Names the rule in verdicts, lowercase with underscores.</param>
/// <param name="Class">The class that it says.</param>
/// <param name="Reason">The reason that it says, one of <see cref="FailureReason"/>.</param>
public sealed record FailureRule(string Name, FailureClass Class, string Reason)
{
    internal const RegexOptions PatternOptions = RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>The type that it says; the reason's own where nothing else is set.</summary>
    public string Type { get; init; } = FailureReason.Find(Reason)?.Type
        ?? throw new ArgumentException($"Rule '{Name}' names the reason '{Reason}', which the taxonomy does not have.", nameof(Reason));

    /// <summary>Condition: the HTTP status lies in this range.</summary>
    public (int From, int To)? Status { get; init; }

    /// <summary>Condition: one of the service's names of the error is one of these, parted by blanks.</summary>
    public string? ServiceErrorType
    {
        get => _errorTypes is null ? null : string.Join(' ', _errorTypes);
        init => _errorTypes = value?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Condition: the exception's type matches.</summary>
    public Regex? ExceptionType { get; init; }

    /// <summary>Condition: the message matches.</summary>
    public Regex? Message { get; init; }

    /// <summary>Condition: the attempt was at this stage.</summary>
    public string? Stage { get; init; }

    /// <summary>Condition: the service said for how long it wants to be left alone.</summary>
    public bool SaysWhen { get; init; }

    private readonly string[]? _errorTypes;

    /// <summary>Makes a pattern as rules need it. Throws <see cref="ArgumentException"/> or <see cref="NotSupportedException"/> with the reason.</summary>
    public static Regex Pattern(string pattern) => new(pattern, PatternOptions);

    internal bool Matches(FailureEvidence evidence, string message)
    {
        if (Status is { } status && !(evidence.HttpStatus >= status.From && evidence.HttpStatus <= status.To))
            return false;
        if (SaysWhen && evidence.RetryAfter is null)
            return false;
        if (Stage is not null && !Stage.Equals(evidence.Stage, StringComparison.OrdinalIgnoreCase))
            return false;
        if (_errorTypes is not null && !HasErrorType(evidence.ServiceErrorType))
            return false;
        if (ExceptionType is not null && (evidence.ExceptionType is null || !ExceptionType.IsMatch(evidence.ExceptionType)))
            return false;
        return Message is null || Message.IsMatch(message);
    }

    private bool HasErrorType(string? seen) => seen is not null
        && seen.Split(' ', StringSplitOptions.RemoveEmptyEntries).Any(s => _errorTypes!.Contains(s, StringComparer.OrdinalIgnoreCase));
}

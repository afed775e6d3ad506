namespace OrleansJobGrid.Connectors.Failures;

/// <summary>
/// Says what a failure means, from what is known of it: what the connector says, else the first rule that holds, else a transient
/// failure of unknown reason. Pure; safe for concurrent use.
/// </summary>
public sealed class FailureClassifier
{
    // What matters stands at the beginning (the error) or the end (the last line of a traceback).
    private const int MessagePart = 8_192;
    private static readonly FailureVerdict Unknown = new(FailureClass.Transient, FailureType.SystemError, FailureReason.UnknownError, "none");

    private readonly FailureRule[] _own;

    /// <summary>Makes a classifier.</summary>
    /// <param name="rules">Rules that come before <see cref="DefaultFailureRules"/>, in order.</param>
    public FailureClassifier(IEnumerable<FailureRule>? rules = null) => _own = [.. rules ?? []];

    /// <summary>The classifier with no rules but its own.</summary>
    public static FailureClassifier Default { get; } = new();

    /// <summary>Says what a failure means.</summary>
    public FailureVerdict Classify(FailureEvidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        return evidence.KnownClass is null && evidence.KnownType is null && evidence.KnownReason is null
            ? ByRules(evidence)
            : ByHint(evidence);
    }

    private FailureVerdict ByRules(FailureEvidence evidence)
    {
        var message = evidence.Message.Length <= 2 * MessagePart
            ? evidence.Message
            : string.Concat(evidence.Message.AsSpan(0, MessagePart), "\n", evidence.Message.AsSpan(evidence.Message.Length - MessagePart));
        // The built-in ones are made by the first failure that needs them: their patterns take 50 MB, and many workers never see one.
        foreach (var rule in _own.Concat(DefaultFailureRules.All))
        {
            if (rule.Matches(evidence, message))
                return new(rule.Class, rule.Type, rule.Reason, rule.Name);
        }
        return Unknown;
    }

    /// <summary>What the connector says holds; the rules fill in what it leaves open where they agree with it.</summary>
    private FailureVerdict ByHint(FailureEvidence evidence)
    {
        if (evidence.KnownType is { } named && !FailureType.Exists(named))
            throw new ArgumentException($"The hint KnownType '{named}' is not in the taxonomy. Use one of {string.Join(", ", FailureType.All.Order())}.", nameof(evidence));
        var taxonomy = evidence.KnownReason is null ? null : FailureReason.Find(evidence.KnownReason);
        var rules = evidence.KnownReason is null ? ByRules(evidence) : default;
        var agree = rules.Rule is not (null or "none")
            && (evidence.KnownClass is null || evidence.KnownClass == rules.Class)
            && (evidence.KnownType is null || evidence.KnownType == rules.Type);
        if (agree)
            return rules with { Rule = "hint" };
        var type = evidence.KnownType ?? taxonomy?.Type ?? (evidence.KnownClass is { } known ? FailureType.Of(known) : FailureType.SystemError);
        var usual = FailureType.DefaultOf(type);
        var failureClass = evidence.KnownClass ?? taxonomy?.Class ?? usual.Class;
        return new(failureClass, type, evidence.KnownReason ?? ReasonOf(type, failureClass), "hint");
    }

    private static string ReasonOf(string type, FailureClass failureClass) =>
        failureClass == FailureClass.MissingHere && type == FailureType.ValidationError ? FailureReason.ModelNotFound : FailureType.DefaultOf(type).Reason;
}

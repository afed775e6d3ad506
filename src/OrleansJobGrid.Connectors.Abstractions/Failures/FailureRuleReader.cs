using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansJobGrid.Connectors.Failures;

/// <summary>Reads rules from the configuration. Every error names the rule's place, the field and the mend.</summary>
public static class FailureRuleReader
{
    /// <summary>Reads all rules.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="errors">All that is wrong; empty: the rules may be used.</param>
    public static IReadOnlyList<FailureRule> Read(FailureOptions options, out IReadOnlyList<string> errors)
    {
        ArgumentNullException.ThrowIfNull(options);
        var wrong = new List<string>();
        var rules = new List<FailureRule>();
        for (var i = 0; i < options.Rules.Count; i++)
        {
            if (Read(options.Rules[i], i, wrong) is { } rule)
                rules.Add(rule);
        }
        errors = wrong;
        return rules;
    }

    private static FailureRule? Read(FailureRuleOptions options, int index, List<string> errors)
    {
        var before = errors.Count;
        void Wrong(string field, string message) => errors.Add($"JobGrid:Failures:Rules:{index}:{field} {message}");

        if (options is { Status: null, ServiceErrorType: null, ExceptionType: null, Message: null, Stage: null })
            errors.Add($"JobGrid:Failures:Rules:{index} has no condition and would hold for every failure: give it Status, ServiceErrorType, ExceptionType, Message or Stage");
        var status = ReadStatus(options.Status, m => Wrong(nameof(options.Status), m));
        var exceptionType = ReadPattern(options.ExceptionType, m => Wrong(nameof(options.ExceptionType), m));
        var message = ReadPattern(options.Message, m => Wrong(nameof(options.Message), m));
        var known = options.Reason is null ? null : FailureReason.Find(options.Reason);
        if (known is null)
        {
            Wrong(nameof(options.Reason), options.Reason is null
                ? "is missing: name one of " + Listed(FailureReason.All)
                : $"is '{options.Reason}', which the taxonomy does not have: use one of {Listed(FailureReason.All)}");
        }
        if (options.Type is { } type && !FailureType.Exists(type))
            Wrong(nameof(options.Type), $"is '{type}', which the taxonomy does not have: use one of {Listed(FailureType.All)}");
        var failureClass = known?.Class ?? FailureClass.Transient;
        if (options.Class is { } name && !FailureClassName.TryRead(name, out failureClass))
            Wrong(nameof(options.Class), $"is '{name}': use one of {Listed(FailureClassName.All)}");
        if (errors.Count > before)
            return null;
        return new(options.Name ?? $"rule_{index}", failureClass, options.Reason!)
        {
            Type = options.Type ?? known!.Value.Type,
            Status = status,
            ServiceErrorType = options.ServiceErrorType,
            ExceptionType = exceptionType,
            Message = message,
            Stage = options.Stage,
        };
    }

    private static (int, int)? ReadStatus(string? text, Action<string> wrong)
    {
        if (text is null)
            return null;
        var parts = text.Split('-');
        if (parts.Length is 1 or 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            && from is >= 100 and <= 599 && to is >= 100 and <= 599 && from <= to)
        {
            return (from, to);
        }
        wrong($"is '{text}': use a status from 100 to 599, or a range such as 500-599");
        return null;
    }

    private static Regex? ReadPattern(string? text, Action<string> wrong)
    {
        if (text is null)
            return null;
        try
        {
            return FailureRule.Pattern(text);
        }
        catch (ArgumentException e)
        {
            wrong($"is no regular expression: {e.Message}");
        }
        catch (NotSupportedException)
        {
            wrong($"'{text}' looks ahead, looks behind, refers back or groups atomically, which these patterns cannot: they are matched in linear time");
        }
        return null;
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}

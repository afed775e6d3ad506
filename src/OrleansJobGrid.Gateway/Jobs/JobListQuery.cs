using System.Globalization;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.DeadLetters;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>The query of <c>GET /api/jobs</c> and of <c>GET /api/dead-letters</c>, read strictly: a wrong filter would show the wrong jobs without a word.</summary>
internal static class JobListQuery
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 500;
    private const int CursorLength = 1_024;

    private static readonly string[] Parameters = ["status", "service", "customer_id", "workflow_id", "q", "limit", "cursor"];
    private static readonly string[] DeadLetterParameters = ["status", "service", "customer_id", "fingerprint", "limit", "cursor"];

    public static JobFilter? Read(IQueryCollection query, out IReadOnlyList<FieldError> errors)
    {
        var wrong = Unknown(query, Parameters);
        var filter = new JobFilter
        {
            Status = Status(Value(query, "status"), JobStatusNames.All, wrong),
            Service = Checked(query, "service", JobNames.IsName, wrong),
            CustomerId = Checked(query, "customer_id", JobNames.IsReference, wrong),
            WorkflowId = Checked(query, "workflow_id", JobNames.IsReference, wrong),
            IdPrefix = Checked(query, "q", JobNames.IsName, wrong),
            Limit = Limit(Value(query, "limit"), wrong),
            Cursor = Cursor(query, wrong),
        };
        errors = wrong;
        return wrong.Count == 0 ? filter : null;
    }

    public static JobFilter? ReadDeadLetters(IQueryCollection query, out IReadOnlyList<FieldError> errors)
    {
        var wrong = Unknown(query, DeadLetterParameters);
        var filter = new JobFilter
        {
            DeadLetters = true,
            Status = Status(Value(query, "status"), JobStatusNames.All.Where(s => s.IsDeadLetter()), wrong),
            Service = Checked(query, "service", JobNames.IsName, wrong),
            CustomerId = Checked(query, "customer_id", JobNames.IsReference, wrong),
            Fingerprint = Checked(query, "fingerprint", t => Fingerprint.IsGood(t), wrong),
            Limit = Limit(Value(query, "limit"), wrong),
            Cursor = Cursor(query, wrong),
        };
        errors = wrong;
        return wrong.Count == 0 ? filter : null;
    }

    public static FieldError BadCursor { get; } =
        new("cursor", "is not a cursor of this list: give next_cursor of the page before, with the same filters, or leave it out");

    // An empty parameter is what a form sends for a filter that is not set.
    private static string? Value(IQueryCollection query, string name) => query[name] is [{ Length: > 0 } value] ? value : null;

    private static List<FieldError> Unknown(IQueryCollection query, string[] parameters)
    {
        var wrong = new List<FieldError>();
        foreach (var (name, values) in query)
        {
            if (!parameters.Contains(name, StringComparer.Ordinal))
                wrong.Add(new FieldError(GridProblem.Shorten(name), "is not a parameter of this list: use " + string.Join(", ", parameters)));
            else if (values.Count > 1)
                wrong.Add(new FieldError(name, "is given more than once: give it once"));
        }

        return wrong;
    }

    private static JobStatus? Status(string? text, IEnumerable<JobStatus> allowed, List<FieldError> wrong)
    {
        if (text is null)
            return null;
        if (JobStatusNames.TryParse(text, out var status) && allowed.Contains(status))
            return status;
        wrong.Add(new FieldError("status", "is no state of such a job: use " + string.Join(", ", allowed.Select(s => s.Name()))));
        return null;
    }

    private static string? Cursor(IQueryCollection query, List<FieldError> wrong) =>
        Checked(query, "cursor", t => t.Length <= CursorLength && !t.ContainsAnyExceptInRange('!', '~'), wrong);

    private static int Limit(string? text, List<FieldError> wrong)
    {
        if (text is null)
            return DefaultLimit;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit)
            return limit;
        wrong.Add(new FieldError("limit", $"must be a whole number from 1 to {MaxLimit}"));
        return DefaultLimit;
    }

    private static string? Checked(IQueryCollection query, string name, Func<ReadOnlySpan<char>, bool> isGood, List<FieldError> wrong)
    {
        if (Value(query, name) is not { } text)
            return null;
        if (isGood(text))
            return text;
        wrong.Add(name == "cursor" ? BadCursor : new FieldError(name, name is "fingerprint"
            ? "must be " + Fingerprint.Form
            : name is "service" or "q"
                ? $"must have 1 to {JobSubmissionLimits.NameLength} of {JobNames.Alphabet}"
                : $"must have 1 to {JobSubmissionLimits.ReferenceLength} characters and no control characters"));
        return null;
    }
}

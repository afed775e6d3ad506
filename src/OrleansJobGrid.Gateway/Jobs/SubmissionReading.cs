using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>A submission that was read: either a job, or all that is wrong with it.</summary>
internal sealed class SubmissionReading
{
    private SubmissionReading(JobSubmission? job, IReadOnlyList<FieldError> errors, bool tooLarge) => (Job, Errors, IsTooLarge) = (job, errors, tooLarge);

    /// <summary>The job; null where there are errors.</summary>
    public JobSubmission? Job { get; }

    /// <summary>All that is wrong, in the order of the fields.</summary>
    public IReadOnlyList<FieldError> Errors { get; }

    /// <summary>Whether one of the errors is a size (413 instead of 400).</summary>
    public bool IsTooLarge { get; }

    public GridProblem Problem => IsTooLarge ? GridProblem.TooLarge(Errors) : GridProblem.Invalid(Errors);

    public static SubmissionReading Of(JobSubmission job) => new(job, [], false);

    public static SubmissionReading Wrong(IReadOnlyList<FieldError> errors, bool tooLarge) => new(null, errors, tooLarge);

    public static SubmissionReading Wrong(string field, string message, bool tooLarge = false) => new(null, [new FieldError(field, message)], tooLarge);
}

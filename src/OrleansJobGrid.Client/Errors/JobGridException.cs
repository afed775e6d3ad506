using System.Text.Json;

namespace OrleansJobGrid.Client;

/// <summary>The grid answered with an error (problem details, RFC 9457), or with something that is not its protocol.</summary>
public class JobGridException : Exception
{
    /// <summary>An error with a message only.</summary>
    public JobGridException(string message, Exception? inner = null) : base(message, inner) => Title = message;

    internal JobGridException(ProblemDetails problem) : base(problem.Message)
    {
        Status = problem.Status;
        Title = problem.Title;
        Detail = problem.Detail;
        FieldErrors = problem.FieldErrors;
        Extensions = problem.Extensions;
    }

    /// <summary>The HTTP status; null where no answer came or it could not be read.</summary>
    public int? Status { get; }

    /// <summary>What kind of error it is.</summary>
    public string Title { get; }

    /// <summary>What happened this time, for a person.</summary>
    public string? Detail { get; }

    /// <summary>The fields that were refused; empty where the error is not about a field.</summary>
    public IReadOnlyList<FieldError> FieldErrors { get; } = [];

    /// <summary>All other members of the problem, such as <c>job_id</c> of a submission whose write is not known to have happened.</summary>
    public IReadOnlyDictionary<string, JsonElement> Extensions { get; } = new Dictionary<string, JsonElement>();
}

/// <summary>A field that was refused.</summary>
/// <param name="Field">Its name or path.</param>
/// <param name="Message">Why, and what would be right.</param>
public sealed record FieldError(string Field, string Message);

/// <summary>No grid answered: nothing listens there, the connection broke, or the answer took too long.</summary>
/// <param name="message">What happened.</param>
/// <param name="inner">The cause.</param>
public sealed class GridUnreachableException(string message, Exception? inner = null) : JobGridException(message, inner);

/// <summary>The bytes received are not those that were promised; nothing was kept.</summary>
/// <param name="message">Which artefact, and the two hashes.</param>
public sealed class ArtefactCorruptException(string message) : JobGridException(message);

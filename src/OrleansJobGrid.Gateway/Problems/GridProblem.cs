using System.Text;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Problems;

/// <summary>A refusal, ready to be answered as <c>application/problem+json</c>.</summary>
internal sealed record GridProblem(int Status, string Kind, string Title, string Detail)
{
    public const string ContentType = "application/problem+json";

    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    public string? JobId { get; init; }

    /// <summary>Seconds after which the same request may be sent again.</summary>
    public int? RetryAfter { get; init; }

    public static GridProblem Invalid(IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status400BadRequest, "invalid", "The request is not well formed", Sentence(errors)) { Errors = errors };

    public static GridProblem Invalid(string field, string message) => Invalid([new FieldError(field, message)]);

    public static GridProblem TooLarge(IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The request is too large", Sentence(errors)) { Errors = errors };

    public static GridProblem TooLarge(string field, string message) => TooLarge([new FieldError(field, message)]);

    public static GridProblem MediaType(string message) =>
        new(StatusCodes.Status415UnsupportedMediaType, "media-type", "The content type is not taken here", message)
        {
            Errors = [new FieldError("Content-Type", message)],
        };

    public static GridProblem Forbidden(string detail) => new(StatusCodes.Status403Forbidden, "forbidden", "This is not allowed", detail);

    public static GridProblem TooManyCallbacks(string detail) => new(StatusCodes.Status409Conflict, "conflict", "No more callbacks are kept", detail);

    public static GridProblem NotFound(string detail) => new(StatusCodes.Status404NotFound, "not-found", "Not found", detail);

    public static GridProblem NoSuchJob(string jobId) =>
        NotFound($"There is no job '{Shorten(jobId)}': it was never submitted, or its record was deleted after its time of keeping.");

    public static GridProblem NoSuchSaga(string sagaId) =>
        NotFound($"There is no saga '{Shorten(sagaId)}': it was never submitted, or its record was deleted after its time of keeping.");

    public static GridProblem SagaConflict(string detail) =>
        new(StatusCodes.Status409Conflict, "conflict", "The state of the saga does not allow this", detail);

    public static GridProblem NoDeadLetter(string jobId, string status) =>
        NotFound($"The job '{Shorten(jobId)}' is {status} and no dead letter (failed, timeout): GET /api/jobs/{{id}} shows it.") with { JobId = jobId };

    public static GridProblem Conflict(string detail, string jobId) =>
        new(StatusCodes.Status409Conflict, "conflict", "The state of the job does not allow this", detail) { JobId = jobId };

    public static GridProblem WorkerConflict(string detail) =>
        new(StatusCodes.Status409Conflict, "conflict", "The state of the worker does not allow this", detail);

    public static GridProblem OverLimit(string field, string message, string jobId) =>
        new(StatusCodes.Status429TooManyRequests, "over-limit", "A limit is reached", $"{field} {message}.")
        {
            Errors = [new FieldError(field, message)],
            JobId = jobId,
            RetryAfter = 5,
        };

    public static GridProblem Unavailable(string detail, string? jobId = null) =>
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", "The grid cannot do this now", detail) { JobId = jobId, RetryAfter = 1 };

    public static GridProblem Internal(string traceId) =>
        new(StatusCodes.Status500InternalServerError, "internal", "A fault of the grid",
            $"The grid failed at this request; its log says why under trace '{traceId}'.");

    /// <summary>Writes it; nothing of the answer may have been sent yet.</summary>
    public Task WriteAsync(HttpContext context)
    {
        if (RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString();
        return JsonAnswer.WriteAsync(context, Status, ToDocument(), GatewayJson.Relaxed.ProblemDocument, ContentType);
    }

    public ProblemDocument ToDocument() => new()
    {
        Type = "urn:jobgrid:problem:" + Kind,
        Title = Title,
        Status = Status,
        Detail = Detail,
        Errors = Errors.Count == 0
            ? null
            : Errors.GroupBy(e => e.Field, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Select(e => e.Message).ToArray(), StringComparer.Ordinal),
        JobId = JobId,
    };

    /// <summary>All errors in one sentence, for a place that has room for a text only.</summary>
    public static string Sentence(IReadOnlyList<FieldError> errors)
    {
        var text = new StringBuilder();
        foreach (var error in errors)
            text.Append(text.Length == 0 ? "" : "; ").Append(error.Field).Append(' ').Append(error.Message);
        return text.Append('.').ToString();
    }

    /// <summary>A name from outside, short enough to be shown.</summary>
    public static string Shorten(string text) => text.Length <= 160 ? text : string.Concat(text.AsSpan(0, 159), "…");
}

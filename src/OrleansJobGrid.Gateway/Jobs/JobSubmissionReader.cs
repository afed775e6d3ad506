using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>
/// Reads a submitted job from UTF-8 JSON, strictly: unknown, repeated and ill-formed fields are all reported at once, each with the
/// mend. It throws on no input.
/// </summary>
internal static class JobSubmissionReader
{
    /// <summary>The name under which faults of the whole body are reported.</summary>
    public const string Body = "body";

    public const string BodyTooLarge = "is larger than the 1 MB allowed for a job: upload large inputs with POST /api/artefacts and name them in the payload";

    /// <summary>Reads one job.</summary>
    /// <param name="json">The whole text.</param>
    /// <param name="ids">Gives the id where the body has none.</param>
    /// <param name="index">The job's place in its batch, 0 for a single one.</param>
    public static SubmissionReading Read(ReadOnlySpan<byte> json, JobIdRule ids, int index)
    {
        if (json.Length > JobSubmissionLimits.JobBodyBytes)
            return SubmissionReading.Wrong(Body, BodyTooLarge, tooLarge: true);
        json = JsonText.WithoutMark(json);
        if (json.Trim(" \t\r\n"u8).IsEmpty)
            return SubmissionReading.Wrong(Body, "is empty: send a JSON object with service_required and payload");
        if (JsonText.EncodingError(json) is { } wrong)
            return SubmissionReading.Wrong(Body, wrong);
        try
        {
            return new SubmissionParser(json).Read(ids, index);
        }
        catch (JsonException e)
        {
            return SubmissionReading.Wrong(Body, JsonText.Malformed(e));
        }
    }
}

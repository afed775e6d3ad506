using System.Text.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>A JSON array of jobs: its form as a whole, and where its elements lie.</summary>
internal static class JobArray
{
    /// <summary>The places of the elements; or what is wrong with the array as a whole, before anything of it was taken.</summary>
    public static List<(int Start, int Length)> Scan(ReadOnlySpan<byte> json, out FieldError? error)
    {
        var elements = new List<(int Start, int Length)>();
        var wrong = json.Trim(" \t\r\n"u8).IsEmpty ? "is empty: send a JSON array of jobs" : JsonText.EncodingError(json);
        try
        {
            wrong ??= Walk(json, elements);
        }
        catch (JsonException e)
        {
            wrong = JsonText.Malformed(e);
        }

        error = wrong is null ? null : new FieldError(JobSubmissionReader.Body, wrong);
        return elements;
    }

    private static string? Walk(ReadOnlySpan<byte> json, List<(int Start, int Length)> elements)
    {
        // One level more than an element may have.
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 65 });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            reader.Read();
            return "is not an array: send [{…}, {…}], or a single job to POST /api/jobs";
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            elements.Add((start, (int)reader.BytesConsumed - start));
        }

        reader.Read();
        return elements.Count == 0 ? "is an empty array: send at least one job" : null;
    }
}

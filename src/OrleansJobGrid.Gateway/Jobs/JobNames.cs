using System.Buffers;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>The form of ids and names.</summary>
internal static class JobNames
{
    public const string Alphabet = "A-Za-z0-9._:-";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

    /// <summary>Whether this can be the id of a job, or the name of a service or queue.</summary>
    public static bool IsName(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= JobSubmissionLimits.NameLength && !text.ContainsAnyExcept(Allowed);

    /// <summary>Whether this can be a customer's or workflow's id.</summary>
    public static bool IsReference(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= JobSubmissionLimits.ReferenceLength && !ContainsControl(text);

    private static bool ContainsControl(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (char.IsControl(c))
                return true;
        return false;
    }
}

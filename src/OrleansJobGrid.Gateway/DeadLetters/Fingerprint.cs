using System.Buffers;

namespace OrleansJobGrid.Gateway.DeadLetters;

/// <summary>The form of a fingerprint, by which dead letters of one kind are grouped.</summary>
internal static class Fingerprint
{
    public const string Form = "a fingerprint as GET /api/dead-letters/groups shows it, 16 of 0-9a-f";
    private const int Length = 16;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    public static bool IsGood(ReadOnlySpan<char> text) => text.Length == Length && !text.ContainsAnyExcept(Digits);
}

using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.Contracts.Matching;

/// <summary>The short name of a text of capabilities, by which a claim refers to it.</summary>
public static class CapabilitiesKey
{
    /// <summary>The first 64 bits of the text's SHA-256, as hex; empty for no text.</summary>
    public static string Of(string? capabilities) =>
        string.IsNullOrEmpty(capabilities) ? "" : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(capabilities)).AsSpan(0, 8));
}

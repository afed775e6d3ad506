using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.Artefacts.Callbacks;

/// <summary>Proves that a call is about a mark that the grid gave out: HMAC-SHA256 of the mark, 64 lowercase hex digits.</summary>
public static class CallbackSignature
{
    /// <summary>The signature of a mark.</summary>
    public static string Of(string mark, string key) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(mark)));

    /// <summary>Whether it is the mark's; takes the same time whatever is wrong with it.</summary>
    public static bool IsOf(string signature, string mark, string key) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), Encoding.UTF8.GetBytes(Of(mark, key)));
}

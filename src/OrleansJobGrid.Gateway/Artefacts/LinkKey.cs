using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary>What gateways sign links with where the store of artefacts signs none of its own; all gateways of a grid have the same.</summary>
/// <param name="key">16 bytes or more, from configuration or the folder of the artefacts.</param>
public sealed class LinkKey(byte[] key)
{
    /// <summary>The signature of a text, 64 lowercase hex digits.</summary>
    internal string Sign(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether that is the signature of the text.</summary>
    internal bool IsRight(string text, string signature) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sign(text)), Encoding.UTF8.GetBytes(signature));
}

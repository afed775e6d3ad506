using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.Contracts;

/// <summary>Version 5 UUIDs: SHA-1 over a namespace and a name (RFC 9562, section 5.5).</summary>
public static class NameBasedGuid
{
    /// <summary>The UUID of a text, in UTF-8.</summary>
    public static Guid Of(Guid space, string name) => Create(space, Encoding.UTF8.GetBytes(name));

    /// <summary>The UUID of a name. SHA-1 is the RFC's choice; it names here and protects nothing.</summary>
    public static Guid Create(Guid space, ReadOnlySpan<byte> name)
    {
        var input = new byte[16 + name.Length];
        space.TryWriteBytes(input, bigEndian: true, out _);
        name.CopyTo(input.AsSpan(16));
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The RFC fixes the algorithm.
        SHA1.HashData(input, hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}

using System.Buffers.Binary;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>A document's value: version 8 bytes, little-endian, then the body. The layout is told in <c>Scripts/write_document.lua</c>.</summary>
internal static class DocumentValue
{
    private const int VersionBytes = 8;

    /// <summary>The version alone, as the script compares it.</summary>
    public static byte[] Write(long version) => Write(version, default);

    public static byte[] Write(long version, ReadOnlyMemory<byte> body)
    {
        var value = new byte[VersionBytes + body.Length];
        BinaryPrimitives.WriteInt64LittleEndian(value, version);
        body.CopyTo(value.AsMemory(VersionBytes));
        return value;
    }

    /// <exception cref="StoreDamagedException">The bytes are no such value.</exception>
    public static StoredDocument Read(string key, ReadOnlyMemory<byte> value) => new(key, Version(key, value), value[VersionBytes..]);

    /// <exception cref="StoreDamagedException">The bytes do not begin with a version.</exception>
    public static long Version(string key, ReadOnlyMemory<byte> value) =>
        value.Length >= VersionBytes
            ? BinaryPrimitives.ReadInt64LittleEndian(value.Span)
            : throw new StoreDamagedException($"The stored document {key} is damaged ({value.Length} bytes).");
}

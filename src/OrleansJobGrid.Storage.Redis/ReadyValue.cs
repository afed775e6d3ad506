using System.Buffers.Binary;
using System.Text;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>
/// A ready entry's value: number 6 bytes (which the script puts before the rest), signature 8, then priority, time and sequence as
/// variable-length integers (zigzag, 7 bits a byte, least first), then the customer.
/// </summary>
internal static class ReadyValue
{
    /// <summary>The most bytes of a value without its number.</summary>
    public static int MaxLength(string customer) => 8 + (3 * 10) + Encoding.UTF8.GetMaxByteCount(customer.Length);

    /// <summary>Writes the value without its number and returns its length.</summary>
    public static int Write(Span<byte> to, ReadyEntry entry)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, entry.Signature);
        var at = 8;
        at += WriteInteger(to[at..], entry.Order.Priority);
        at += WriteInteger(to[at..], entry.Order.Time);
        at += WriteInteger(to[at..], entry.Order.Sequence);
        return at + Encoding.UTF8.GetBytes(entry.Customer, to[at..]);
    }

    public static StoredReady Read(string jobId, ReadOnlySpan<byte> value)
    {
        if (value.Length < 17)
            throw new StoreDamagedException($"The stored ready entry of job {jobId} is damaged ({value.Length} bytes).");
        var number = BinaryPrimitives.ReadUInt32LittleEndian(value) | ((long)BinaryPrimitives.ReadUInt16LittleEndian(value[4..]) << 32);
        var signature = BinaryPrimitives.ReadInt64LittleEndian(value[6..]);
        var rest = value[14..];
        var priority = (int)ReadInteger(ref rest);
        var time = ReadInteger(ref rest);
        var sequence = ReadInteger(ref rest);
        return new(jobId, number, new(priority, time, sequence), signature, Encoding.UTF8.GetString(rest));
    }

    private static int WriteInteger(Span<byte> to, long value)
    {
        var bits = (ulong)((value << 1) ^ (value >> 63));
        var at = 0;
        for (; bits >= 0x80; bits >>= 7)
            to[at++] = (byte)(bits | 0x80);
        to[at++] = (byte)bits;
        return at;
    }

    private static long ReadInteger(ref ReadOnlySpan<byte> from)
    {
        ulong bits = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = from[0];
            from = from[1..];
            bits |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return (long)(bits >> 1) ^ -(long)(bits & 1);
        }
    }
}

using System.Buffers.Binary;
using System.Text;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>A session's value: expiry 8 bytes and ended 1, both the scripts' own, then worker and home with their lengths 2, then the body.</summary>
internal static class SessionValue
{
    /// <summary>All but expiry and ended.</summary>
    public static byte[] Write(SessionRecord session)
    {
        var worker = Encoding.UTF8.GetBytes(session.WorkerId);
        var home = Encoding.UTF8.GetBytes(session.Home);
        var value = new byte[4 + worker.Length + home.Length + session.Body.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(value, checked((ushort)worker.Length));
        worker.CopyTo(value, 2);
        BinaryPrimitives.WriteUInt16LittleEndian(value.AsSpan(2 + worker.Length), checked((ushort)home.Length));
        home.CopyTo(value, 4 + worker.Length);
        session.Body.CopyTo(value.AsMemory(4 + worker.Length + home.Length));
        return value;
    }

    public static SessionRecord Read(string id, ReadOnlyMemory<byte> value)
    {
        var span = value.Span;
        if (span.Length < 13)
            throw new StoreDamagedException($"The stored session {id} is damaged ({span.Length} bytes).");
        var worker = 11 + BinaryPrimitives.ReadUInt16LittleEndian(span[9..]);
        var home = worker + 2 + BinaryPrimitives.ReadUInt16LittleEndian(span[worker..]);
        return new(
            id,
            Encoding.UTF8.GetString(span[11..worker]),
            Encoding.UTF8.GetString(span[(worker + 2)..home]),
            value[home..],
            BinaryPrimitives.ReadInt64LittleEndian(span),
            span[8] == 1);
    }
}

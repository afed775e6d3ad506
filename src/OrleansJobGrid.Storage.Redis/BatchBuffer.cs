using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>
/// A growing buffer from the pool. Its bytes are handed to the connection without a copy, so it goes back to the pool only after the
/// server has answered: after a lost answer the connection may still hold it.
/// </summary>
internal sealed class BatchBuffer(int capacity)
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);
    private int _length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void Return()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    /// <summary>Room for at most <paramref name="length"/> bytes, of which <see cref="Advance"/> keeps some.</summary>
    public Span<byte> Room(int length)
    {
        if (_bytes.Length - _length < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + length, 2 * _bytes.Length));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        return _bytes.AsSpan(_length, length);
    }

    public void Advance(int length) => _length += length;

    public void Byte(byte value)
    {
        Room(1)[0] = value;
        _length++;
    }

    public void Short(int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Room(2), checked((ushort)value));
        _length += 2;
    }

    public void Int(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Room(4), value);
        _length += 4;
    }

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Room(8), value);
        _length += 8;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Room(value.Length));
        _length += value.Length;
    }

    /// <summary>UTF-8 after its length in 2 bytes.</summary>
    public void Text(string value)
    {
        var written = Encoding.UTF8.GetBytes(value, Room(2 + Encoding.UTF8.GetMaxByteCount(value.Length))[2..]);
        Short(written);
        _length += written;
    }

    /// <summary>Decimal digits after their length in 1 byte: Redis reads scores as text, and Lua would be slow to print them.</summary>
    public void Decimal(long value)
    {
        Utf8Formatter.TryFormat(value, Room(21)[1..], out var written);
        Byte((byte)written);
        _length += written;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>
/// A hash of a meaning: JSON objects count the same in any order of their keys and with any white space and escapes; numbers count
/// by their text (<c>1.0</c> is not <c>1</c>), and of keys given twice all count, in their order.
/// </summary>
/// <remarks>
/// Every value is written with its kind and its length before it, so that no two meanings have the same bytes; members of objects
/// are put in the order of their names' UTF-8 bytes.
/// </remarks>
internal sealed class CanonicalHash : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);

    public void Add(string? text)
    {
        if (text is null)
        {
            Put((byte)'z');
            return;
        }

        Put((byte)'s');
        var size = Encoding.UTF8.GetByteCount(text);
        PutNumber(size);
        _length += Encoding.UTF8.GetBytes(text, Room(size));
    }

    public void Add(long? number)
    {
        Put(number is null ? (byte)'z' : (byte)'i');
        if (number is { } value)
            PutNumber(value);
    }

    public void Add(double? number) => Add(number is { } value ? BitConverter.DoubleToInt64Bits(value) : (long?)null);

    /// <summary>Adds a JSON value whose form and whose strings' UTF-16 was checked.</summary>
    public void AddJson(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        AddValue(ref reader);
    }

    /// <summary>SHA-256 of what was added, lower-case hex.</summary>
    public string Finish()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_bytes.AsSpan(0, _length), hash);
        return Convert.ToHexStringLower(hash);
    }

    private void AddValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                AddObject(ref reader);
                break;
            case JsonTokenType.StartArray:
                Put((byte)'[');
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    AddValue(ref reader);
                Put((byte)']');
                break;
            case JsonTokenType.String:
                AddString(ref reader);
                break;
            case JsonTokenType.Number:
                Put((byte)'n');
                PutNumber(reader.ValueSpan.Length);
                reader.ValueSpan.CopyTo(Room(reader.ValueSpan.Length));
                _length += reader.ValueSpan.Length;
                break;
            case JsonTokenType.True:
                Put((byte)'t');
                break;
            case JsonTokenType.False:
                Put((byte)'f');
                break;
            default:
                Put((byte)'z');
                break;
        }
    }

    private void AddObject(ref Utf8JsonReader reader)
    {
        Put((byte)'{');
        var start = _length;
        var members = new List<Member>();
        var sorted = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var at = _length;
            AddString(ref reader);
            var nameEnd = _length;
            reader.Read();
            AddValue(ref reader);
            members.Add(new Member(at, nameEnd, _length));
            if (sorted && members.Count > 1)
                sorted = Compare(members[^2], members[^1]) <= 0;
        }

        if (!sorted)
            Sort(start, members);
        Put((byte)'}');
    }

    private void Sort(int start, List<Member> members)
    {
        members.Sort(Compare);
        var size = _length - start;
        var copy = ArrayPool<byte>.Shared.Rent(size);
        _bytes.AsSpan(start, size).CopyTo(copy);
        var at = start;
        foreach (var member in members)
        {
            copy.AsSpan(member.Start - start, member.End - member.Start).CopyTo(_bytes.AsSpan(at));
            at += member.End - member.Start;
        }

        ArrayPool<byte>.Shared.Return(copy);
    }

    private int Compare(Member left, Member right)
    {
        const int head = 1 + sizeof(long);
        var names = _bytes.AsSpan(left.Start + head, left.NameEnd - left.Start - head)
            .SequenceCompareTo(_bytes.AsSpan(right.Start + head, right.NameEnd - right.Start - head));
        return names != 0 ? names : left.Start.CompareTo(right.Start);
    }

    private void AddString(ref Utf8JsonReader reader)
    {
        Put((byte)'s');
        var head = Room(sizeof(long) + reader.ValueSpan.Length);
        var written = reader.CopyString(head[sizeof(long)..]);
        BinaryPrimitives.WriteInt64BigEndian(head, written);
        _length += sizeof(long) + written;
    }

    private void Put(byte kind)
    {
        Room(1)[0] = kind;
        _length++;
    }

    private void PutNumber(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(Room(sizeof(long)), value);
        _length += sizeof(long);
    }

    private Span<byte> Room(int size)
    {
        if (_bytes.Length - _length < size)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + size));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        return _bytes.AsSpan(_length);
    }

    private readonly record struct Member(int Start, int NameEnd, int End);
}

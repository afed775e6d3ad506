using System.Buffers.Binary;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>A job as it lies in the hash of its shard; the layout is told in <c>Scripts/apply.lua</c>.</summary>
internal readonly struct JobValue
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _record;

    /// <exception cref="StoreDamagedException">The bytes are no such value.</exception>
    public JobValue(string jobId, ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        var span = bytes.Span;
        if (span.Length >= HeaderLength + 2)
        {
            var queue = BinaryPrimitives.ReadUInt16LittleEndian(span[HeaderLength..]);
            _record = HeaderLength + 2 + (queue == 0 ? 0 : queue + 6);
            if (span.Length >= _record + 4 && RecordLength <= (uint)(span.Length - _record - 4))
                return;
        }
        throw new StoreDamagedException($"The stored value of job {jobId} is damaged ({span.Length} bytes).");
    }

    /// <summary>Bytes of version and operation id.</summary>
    public const int HeaderLength = 24;

    public long Version => BinaryPrimitives.ReadInt64LittleEndian(_bytes.Span);

    public Guid OperationId => new(_bytes.Span.Slice(8, 16), bigEndian: true);

    public ReadOnlyMemory<byte> Record => _bytes.Slice(_record + 4, (int)RecordLength);

    public bool HasEvents => _bytes.Length > _record + 4 + (int)RecordLength;

    private uint RecordLength => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[_record..]);

    public IReadOnlyList<ReadOnlyMemory<byte>> Events() => Events(_bytes[(_record + 4 + (int)RecordLength)..]);

    /// <summary>The events of a log, or of a part of one.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Events(ReadOnlyMemory<byte> log)
    {
        var events = new List<ReadOnlyMemory<byte>>();
        for (var rest = log; !rest.IsEmpty;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
            events.Add(rest.Slice(4, length));
            rest = rest[(4 + length)..];
        }
        return events;
    }

    /// <summary>Writes version and operation id, as in the value's first bytes.</summary>
    public static void WriteHeader(Span<byte> to, long version, Guid operationId)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, version);
        operationId.TryWriteBytes(to[8..], bigEndian: true, out _);
    }
}

using System.Buffers.Binary;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>
/// Packs the valid operations of a batch as <c>Scripts/apply.lua</c> reads them, and gathers every key that they touch. Names of indexes,
/// queues, sessions, counters and signatures are sent once a batch and referred to by their place, counted from 1 (0: none).
/// </summary>
internal sealed class BatchEncoder
{
    private const byte New = 1, HasRecord = 2, RemoveReady = 4, AddReady = 8;

    private readonly BatchBuffer _buffer;
    private readonly Places<string> _indexes = new();
    private readonly Places<string> _queues = new();
    private readonly Places<string> _sessions = new();
    private readonly Places<string> _counters = new();
    private readonly Places<long> _signatures = new();
    private readonly List<string> _signatureTexts = [];
    private readonly int _count;

    /// <param name="operations">The batch.</param>
    /// <param name="violations">For each operation why it is not sent, or null.</param>
    /// <param name="knownQueues">Queues that an entry to be taken out may lie in.</param>
    public BatchEncoder(IReadOnlyList<JobOperation> operations, string?[] violations, IEnumerable<string> knownQueues)
    {
        _buffer = new BatchBuffer(operations.Count * 1024);
        foreach (var queue in knownQueues)
            _queues.Of(queue);
        for (var i = 0; i < operations.Count; i++)
        {
            if (violations[i] is not null)
                continue;
            _count++;
            _buffer.Text(operations[i].JobId);
        }
        for (var i = 0; i < operations.Count; i++)
            if (violations[i] is null)
                Write(operations[i]);
    }

    /// <summary>The keys, in the order that the script's head tells.</summary>
    public RedisKey[] Keys(RedisKeys keys, int shard) =>
    [
        keys.Stopped(shard), keys.Clock(shard), keys.Jobs(shard), keys.Marks(shard), keys.Signatures(shard), keys.Counters(shard),
        keys.Outbox(shard), keys.OutboxCapacity(shard),
        .. _indexes.Names.Select(name => keys.Index(shard, name)),
        .. _queues.Names.Select(name => keys.Ready(shard, name)),
        .. _sessions.Names.Select(name => keys.Ended(shard, name)),
    ];

    /// <summary>The arguments, in the order that the script's head tells.</summary>
    /// <param name="refusal">Why operations that create a job are refused now, or null.</param>
    /// <param name="known">The highest clock that the store has told.</param>
    public RedisValue[] Arguments(string? refusal, long known)
    {
        var arguments = new List<RedisValue>
        {
            _buffer.Written, _count, _indexes.Names.Count, _queues.Names.Count, _sessions.Names.Count, _counters.Names.Count,
            _signatures.Names.Count, refusal ?? "", known,
        };
        foreach (var name in _queues.Names.Concat(_counters.Names))
            arguments.Add(name);
        for (var i = 0; i < _signatureTexts.Count; i++)
        {
            arguments.Add(SignatureField(_signatures.Names[i]));
            arguments.Add(_signatureTexts[i]);
        }
        return [.. arguments];
    }

    /// <summary>Gives the buffer back; only once the server has answered.</summary>
    public void Return() => _buffer.Return();

    /// <summary>A signature's name in its hash.</summary>
    public static byte[] SignatureField(long signature)
    {
        var field = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(field, signature);
        return field;
    }

    private void Write(JobOperation operation)
    {
        JobValue.WriteHeader(_buffer.Room(JobValue.HeaderLength), operation.ExpectedVersion, operation.ExpectedOperationId);
        _buffer.Advance(JobValue.HeaderLength);
        JobValue.WriteHeader(_buffer.Room(JobValue.HeaderLength), operation.ExpectedVersion + 1, operation.OperationId);
        _buffer.Advance(JobValue.HeaderLength);
        _buffer.Double(operation.NotBefore ?? 0);
        _buffer.Short(operation.Session is { } session ? _sessions.Of(session) : 0);
        _buffer.Byte((byte)(
            (operation.ExpectedVersion == 0 ? New : 0) | (operation.Record is null ? 0 : HasRecord)
            | (operation.RemoveReady ? RemoveReady : 0) | (operation.AddReady is null ? 0 : AddReady)));
        WriteBody(operation);
        WriteReady(operation.AddReady);
        _buffer.Short(operation.RemoveEntries.Count);
        _buffer.Short(operation.AddEntries.Count);
        _buffer.Short(operation.Counters.Count);
        foreach (var entry in operation.RemoveEntries)
            _buffer.Short(_indexes.Of(entry.Index));
        foreach (var entry in operation.AddEntries)
        {
            _buffer.Short(_indexes.Of(entry.Index));
            _buffer.Decimal(entry.Score);
        }
        foreach (var counter in operation.Counters)
        {
            _buffer.Short(_counters.Of(counter.Name));
            _buffer.Double(counter.By);
        }
    }

    private void WriteBody(JobOperation operation)
    {
        var record = operation.Record ?? ReadOnlyMemory<byte>.Empty;
        _buffer.Int(4 + record.Length);
        _buffer.Int(record.Length);
        _buffer.Bytes(record.Span);
        _buffer.Int(operation.Events.Sum(e => 4 + e.Length));
        foreach (var e in operation.Events)
        {
            _buffer.Int(e.Length);
            _buffer.Bytes(e.Span);
        }
    }

    private void WriteReady(ReadyEntry? ready)
    {
        if (ready is null)
        {
            _buffer.Bytes([0, 0, 0, 0, 0, 0]);
            return;
        }
        _buffer.Short(_queues.Of(ready.Queue));
        var signature = _signatures.Of(ready.Signature);
        if (signature > _signatureTexts.Count)
            _signatureTexts.Add(ready.SignatureText);
        _buffer.Short(signature);
        var length = ReadyValue.Write(_buffer.Room(2 + ReadyValue.MaxLength(ready.Customer))[2..], ready);
        _buffer.Short(length);
        _buffer.Advance(length);
    }

    /// <summary>Names in the order of their first use.</summary>
    private sealed class Places<T>
        where T : notnull
    {
        private readonly Dictionary<T, int> _places = [];

        public List<T> Names { get; } = [];

        public int Of(T name)
        {
            if (_places.TryGetValue(name, out var place))
                return place;
            Names.Add(name);
            _places.Add(name, Names.Count);
            return Names.Count;
        }
    }
}

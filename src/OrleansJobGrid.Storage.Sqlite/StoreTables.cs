using OrleansJobGrid.Storage.Sqlite.Engine;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>
/// What the writer's thread writes inside its transaction. A statement that fails ends the whole transaction; comparing comes
/// before writing, so that an operation that does not hold leaves nothing behind.
/// </summary>
internal sealed class StoreTables(SqliteConnection connection, StoreClock clock)
{
    private readonly Collections _collections = new(connection);
    private readonly Outbox _outbox = new(connection);
    private readonly Dictionary<string, long> _counted = [];
    private readonly HashSet<long> _signatures = [];
    private Dictionary<string, long>? _ended;

    private readonly SqliteStatement _find = connection.Prepare(
        "SELECT id, version, operation_id, queue_id, ready_number, events FROM jobs WHERE job_id = ?");
    private readonly SqliteStatement _insert = connection.Prepare(
        "INSERT INTO jobs (job_id, version, operation_id, queue_id, ready_number, events, record) VALUES (?, ?, ?, ?, ?, ?, ?)");
    private readonly SqliteStatement _update = connection.Prepare(
        "UPDATE jobs SET version = ?, operation_id = ?, queue_id = ?, ready_number = ?, events = ?, record = ? WHERE id = ?");
    private readonly SqliteStatement _addEntry = connection.Prepare("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)");
    private readonly SqliteStatement _removeEntry = connection.Prepare("DELETE FROM entries WHERE index_id = ? AND score = ? AND job_id = ?");
    private readonly SqliteStatement _addEvent = connection.Prepare("INSERT INTO events VALUES (?, ?, ?)");
    private readonly SqliteStatement _addReady = connection.Prepare("INSERT INTO ready VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    private readonly SqliteStatement _removeReady = connection.Prepare("DELETE FROM ready WHERE queue_id = ? AND number = ?");

    private readonly record struct Head(long Id, long Version, Guid OperationId, long QueueId, long ReadyNumber, long Events);

    /// <summary>The connection, for statements of one place.</summary>
    public SqliteConnection Connection => connection;

    /// <summary>The pointers to events.</summary>
    public Outbox Outbox => _outbox;

    /// <summary>The store's clock, Unix ms.</summary>
    public long Now => clock.Now;

    /// <summary>Sessions marked as ended, with the time of the mark.</summary>
    public Dictionary<string, long> Ended => _ended ??= connection.Prepare("SELECT session, at FROM ended")
        .All(row => (Session: row.Text(0), At: row.Long(1))).ToDictionary(row => row.Session, row => row.At);

    /// <summary>Applies a batch.</summary>
    public ApplyAnswer Apply(int shard, IReadOnlyList<JobOperation> batch)
    {
        var now = Now;
        var seen = new HashSet<string>(batch.Count);
        var results = new OperationResult[batch.Count];
        for (var i = 0; i < results.Length; i++)
            results[i] = OperationRules.Violation(batch[i], shard, 1, seen) is { } reason
                ? new(OperationOutcome.Rejected, Find(batch[i].JobId ?? "").Version, 0, reason)
                : Apply(batch[i], now);
        return new(now, results);
    }

    /// <summary>Writes what was gathered in memory, before the commit.</summary>
    public void Flush()
    {
        _collections.Flush();
        _outbox.Flush();
        foreach (var (name, by) in _counted)
            connection.Prepare("INSERT INTO counters VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET sum = sum + ?2").Bind(1, name).Bind(2, by).Run();
        _counted.Clear();
        connection.Prepare("UPDATE meta SET clock = ?").Bind(1, Now).Run();
    }

    /// <summary>After a rollback: the file decides, not memory.</summary>
    public void Forget()
    {
        _collections.Forget();
        _outbox.Forget();
        _counted.Clear();
        _signatures.Clear();
        _ended = null;
    }

    private OperationResult Apply(JobOperation operation, long now)
    {
        var head = Find(operation.JobId);
        if (head.Version > 0 && head.OperationId == operation.OperationId)
            return new(OperationOutcome.AlreadyApplied, head.Version, head.ReadyNumber);
        if (head.Version != operation.ExpectedVersion || (head.Version > 0 && head.OperationId != operation.ExpectedOperationId))
            return new(OperationOutcome.Conflict, head.Version);
        if (operation.NotBefore > now)
            return new(OperationOutcome.TooEarly, head.Version);
        if (operation.Session is { } session && Ended.ContainsKey(session))
            return new(OperationOutcome.SessionEnded, head.Version);
        Index(operation);
        foreach (var counter in operation.Counters)
            _counted[counter.Name] = _counted.GetValueOrDefault(counter.Name) + counter.By;
        return operation.Record is { } record ? Write(operation, head, record.Span) : Delete(head);
    }

    private OperationResult Write(JobOperation operation, Head head, ReadOnlySpan<byte> record)
    {
        var (queueId, readyNumber) = (head.QueueId, head.ReadyNumber);
        var answered = operation.RemoveReady ? readyNumber : 0;
        if (readyNumber != 0 && (operation.RemoveReady || operation.AddReady is not null))
        {
            TakeOut(head);
            (queueId, readyNumber) = (0, 0);
        }
        if (operation.AddReady is { } ready)
        {
            (queueId, readyNumber) = PutIn(operation.JobId, ready);
            answered = readyNumber;
        }
        var version = head.Version + 1;
        var events = head.Events + operation.Events.Count;
        var id = head.Id;
        if (id == 0)
        {
            _insert.Bind(1, operation.JobId).Bind(2, version).Bind(3, operation.OperationId)
                .Bind(4, queueId).Bind(5, readyNumber).Bind(6, events).Bind(7, record).Run();
            id = connection.LastRowId;
        }
        else
        {
            _update.Bind(1, version).Bind(2, operation.OperationId)
                .Bind(3, queueId).Bind(4, readyNumber).Bind(5, events).Bind(6, record).Bind(7, id).Run();
        }
        for (var i = 0; i < operation.Events.Count; i++)
            _addEvent.Bind(1, id).Bind(2, head.Events + i).Bind(3, operation.Events[i].Span).Run();
        _outbox.Add(operation.JobId, head.Events, operation.Events.Count);
        return new(OperationOutcome.Applied, version, answered);
    }

    private OperationResult Delete(Head head)
    {
        // An entry that no record knows could never be taken out again, so it goes with its record.
        if (head.ReadyNumber != 0)
            TakeOut(head);
        connection.Prepare("DELETE FROM jobs WHERE id = ?").Bind(1, head.Id).Run();
        connection.Prepare("DELETE FROM events WHERE job = ?").Bind(1, head.Id).Run();
        return new(OperationOutcome.Applied, 0, head.ReadyNumber);
    }

    private void Index(JobOperation operation)
    {
        foreach (var entry in operation.RemoveEntries)
            if (_collections.Find(Collections.Index, entry.Index) is { } index)
                _collections.Count(index, -_removeEntry.Bind(1, index.Id).Bind(2, entry.Score).Bind(3, operation.JobId).Changes());
        foreach (var entry in operation.AddEntries)
        {
            var index = _collections.Get(Collections.Index, entry.Index);
            _collections.Count(index, _addEntry.Bind(1, index.Id).Bind(2, entry.Score).Bind(3, operation.JobId).Changes());
        }
    }

    private (long QueueId, long Number) PutIn(string jobId, ReadyEntry ready)
    {
        var queue = _collections.Get(Collections.Queue, ready.Queue);
        queue.LastNumber++;
        _collections.Count(queue, 1);
        if (_signatures.Add(ready.Signature))
            connection.Prepare("INSERT OR IGNORE INTO signatures VALUES (?, ?)").Bind(1, ready.Signature).Bind(2, ready.SignatureText).Run();
        _addReady.Bind(1, queue.Id).Bind(2, queue.LastNumber).Bind(3, jobId)
            .Bind(4, ready.Order.Priority).Bind(5, ready.Order.Time).Bind(6, ready.Order.Sequence)
            .Bind(7, ready.Signature).Bind(8, ready.Customer).Run();
        return (queue.Id, queue.LastNumber);
    }

    private void TakeOut(Head head)
    {
        _removeReady.Bind(1, head.QueueId).Bind(2, head.ReadyNumber).Run();
        _collections.Count(_collections.QueueOf(head.QueueId), -1);
    }

    private Head Find(string jobId)
    {
        if (!_find.Bind(1, jobId).Next())
            return default;
        var head = new Head(_find.Long(0), _find.Long(1), _find.Guid(2), _find.Long(3), _find.Long(4), _find.Long(5));
        _find.Reset();
        return head;
    }
}

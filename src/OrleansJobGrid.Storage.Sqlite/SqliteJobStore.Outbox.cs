using OrleansJobGrid.Storage.Sqlite.Engine;

namespace OrleansJobGrid.Storage.Sqlite;

public sealed partial class SqliteJobStore
{
    /// <inheritdoc/>
    public async ValueTask SetOutboxAsync(int shard, long capacity, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        await RunOnOutbox(outbox => outbox.Set(capacity), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<OutboxPage> ReadOutboxAsync(int shard, long after, int limit, CancellationToken cancellationToken)
    {
        OperationRules.CheckOutboxRead(shard, 1, after, limit);
        return _readers.ReadAsync(connection => Page(connection, after, limit), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask TrimOutboxAsync(int shard, long through, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        await RunOnOutbox(outbox => outbox.Trim(through), cancellationToken);
    }

    private Task<bool> RunOnOutbox(Action<Outbox> work, CancellationToken cancellationToken) => _writer.RunAsync(
        tables =>
        {
            work(tables.Outbox);
            return true;
        },
        1,
        cancellationToken);

    // One moment for all: a pointer must not be seen before the log that it leads to.
    private OutboxPage Page(SqliteConnection connection, long after, int limit)
    {
        connection.Execute("BEGIN");
        try
        {
            var (first, last) = connection.Prepare("SELECT (SELECT min(number) FROM outbox), last FROM outbox_state")
                .All(row => (First: row.Long(0), Last: row.Long(1)))[0];
            var pointers = connection.Prepare("SELECT number, job_id, first, count FROM outbox WHERE number > ? ORDER BY number LIMIT ?").Bind(1, after).Bind(2, limit)
                .All(row => (Number: row.Long(0), JobId: row.Text(1), First: row.Long(2), Count: row.Long(3)));
            var select = connection.Prepare("SELECT body FROM events WHERE job = (SELECT id FROM jobs WHERE job_id = ?) AND n >= ? ORDER BY n LIMIT ?");
            return new(_clock.Now, first == 0 ? last + 1 : first, last, [.. pointers.Select(p =>
            {
                var events = select.Bind(1, p.JobId).Bind(2, p.First).Bind(3, p.Count).All(row => new ReadOnlyMemory<byte>(row.Bytes(0).ToArray()));
                return new OutboxEntry(p.Number, p.JobId, events.Count == p.Count ? events : null);
            })]);
        }
        finally
        {
            connection.Execute("COMMIT");
        }
    }
}

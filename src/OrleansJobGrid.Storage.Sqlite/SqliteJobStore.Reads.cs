using System.Globalization;
using OrleansJobGrid.Storage.Sqlite.Engine;

namespace OrleansJobGrid.Storage.Sqlite;

public sealed partial class SqliteJobStore
{
    private const string ReadyColumns = "job_id, number, priority, time, sequence, signature, customer";

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredJob?>> ReadJobsAsync(int shard, IReadOnlyList<string> jobIds, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(jobIds.Count, StoreLimits.ReadPage);
        return _readers.ReadAsync<IReadOnlyList<StoredJob?>>(
            connection =>
            {
                var select = connection.Prepare("SELECT job_id, version, operation_id, record FROM jobs WHERE job_id = ?");
                return [.. jobIds.Select(id => select.Bind(1, id).All(Stored).FirstOrDefault())];
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ReadEventsAsync(int shard, string jobId, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        return _readers.ReadAsync<IReadOnlyList<ReadOnlyMemory<byte>>>(
            connection => Pages(
                connection.Prepare(
                    "SELECT n, body FROM events WHERE job = (SELECT id FROM jobs WHERE job_id = ?1) AND n > ?2 ORDER BY n LIMIT ?3").Bind(1, jobId),
                row => (Key: row.Long(0), Body: new ReadOnlyMemory<byte>(row.Bytes(1).ToArray()))).ConvertAll(row => row.Body),
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IndexPage> ReadIndexAsync(
        int shard, string index, IndexPosition? after, bool descending, int limit, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, StoreLimits.ReadPage);
        var (beyond, order) = descending ? ("<", "DESC") : (">", "ASC");
        var sql = $"SELECT score, job_id FROM entries WHERE index_id = (SELECT id FROM collections WHERE kind = {Collections.Index} AND name = ?1)"
            + (after is null ? "" : $" AND (score, job_id) {beyond} (?3, ?4)")
            + $" ORDER BY score {order}, job_id {order} LIMIT ?2";
        return _readers.ReadAsync(
            connection =>
            {
                var clock = _clock.Now;
                var select = connection.Prepare(sql).Bind(1, index).Bind(2, limit);
                if (after is { } place)
                    select.Bind(3, place.Score).Bind(4, place.JobId);
                return new IndexPage(clock, select.All(row => new IndexPosition(row.Long(0), row.Text(1))));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<long>> CountIndexesAsync(int shard, IReadOnlyList<string> indexes, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        return _readers.ReadAsync<IReadOnlyList<long>>(
            connection =>
            {
                var select = connection.Prepare($"SELECT entries FROM collections WHERE kind = {Collections.Index} AND name = ?");
                return [.. indexes.Select(index => select.Bind(1, index).All(row => row.Long(0)).FirstOrDefault())];
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReadyMark>> ReadReadyMarksAsync(CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<ReadyMark>>(
            connection => connection.Prepare($"SELECT name, last_number, entries FROM collections WHERE kind = {Collections.Queue}")
                .All(row => new ReadyMark(0, row.Text(0), row.Long(1), row.Long(2))),
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ReadyPage> ReadReadyAsync(int shard, string queue, string? cursor, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        var after = 0L;
        if (cursor is not null && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            throw new ArgumentException($"'{cursor}' is no cursor of this store: pass what the page before gave as Next.", nameof(cursor));
        return _readers.ReadAsync(
            connection =>
            {
                var entries = connection.Prepare(
                    $"""
                    SELECT {ReadyColumns} FROM ready WHERE queue_id = (SELECT id FROM collections WHERE kind = {Collections.Queue} AND name = ?1)
                    AND number > ?2 ORDER BY number LIMIT {StoreLimits.ReadPage}
                    """).Bind(1, queue).Bind(2, after).All(Ready);
                var next = entries.Count < StoreLimits.ReadPage ? null : entries[^1].Number.ToString(CultureInfo.InvariantCulture);
                return new ReadyPage(entries, next);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<long, string>> ReadSignaturesAsync(int shard, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        return _readers.ReadAsync<IReadOnlyDictionary<long, string>>(
            connection => connection.Prepare("SELECT hash, text FROM signatures")
                .All(row => (Hash: row.Long(0), Text: row.Text(1))).ToDictionary(row => row.Hash, row => row.Text),
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, long>> ReadCountersAsync(CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyDictionary<string, long>>(
            connection => connection.Prepare("SELECT name, sum FROM counters")
                .All(row => (Name: row.Text(0), Sum: row.Long(1))).ToDictionary(row => row.Name, row => row.Sum),
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ShardDump> DumpAsync(int shard, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, 1);
        return _readers.ReadAsync(Dump, cancellationToken);
    }

    // The one reading that is more than one statement: records and indexes are compared, so they must be of one moment.
    private static ShardDump Dump(SqliteConnection connection)
    {
        connection.Execute("BEGIN");
        try
        {
            return new ShardDump(
                connection.Prepare("SELECT job_id, version, operation_id, record FROM jobs ORDER BY id").All(Stored),
                connection.Prepare("SELECT c.name, e.job_id, e.score FROM entries e LEFT JOIN collections c ON c.id = e.index_id")
                    .All(row => (row.Text(0), row.Text(1), row.Long(2))),
                connection.Prepare($"SELECT {ReadyColumns}, c.name FROM ready LEFT JOIN collections c ON c.id = queue_id")
                    .All(row => (row.Text(7), Ready(row))),
                // Events without a record are told by their key, for the checker to find.
                connection.Prepare("SELECT DISTINCT ifnull(j.job_id, '?' || e.job) FROM events e LEFT JOIN jobs j ON j.id = e.job").All(row => row.Text(0)));
        }
        finally
        {
            connection.Execute("COMMIT");
        }
    }

    private static StoredJob Stored(SqliteStatement row) => new(row.Text(0), row.Long(1), row.Guid(2), row.Bytes(3).ToArray());

    private static StoredReady Ready(SqliteStatement row) => new(
        row.Text(0), row.Long(1), new ReadyOrder((int)row.Long(2), row.Long(3), row.Long(4)), row.Long(5), row.Text(6));

    private static List<(long Key, T Body)> Pages<T>(SqliteStatement select, Func<SqliteStatement, (long Key, T Body)> row)
    {
        var all = new List<(long Key, T Body)>();
        for (var after = -1L; ; after = all[^1].Key)
        {
            var page = select.Bind(2, after).Bind(3, StoreLimits.ReadPage).All(row);
            all.AddRange(page);
            if (page.Count < StoreLimits.ReadPage)
                return all;
        }
    }
}

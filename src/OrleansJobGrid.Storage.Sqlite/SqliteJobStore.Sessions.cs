namespace OrleansJobGrid.Storage.Sqlite;

public sealed partial class SqliteJobStore
{
    // One process takes numbers, so a block is a sum in memory; only the mark above them is written, this far ahead.
    private const int SequenceAhead = 100_000;

    private readonly Lock _sequenceLock = new();
    private long _nextSequence;
    private long _reservedSequence;

    /// <inheritdoc/>
    public async ValueTask<SequenceBlock> TakeSequenceAsync(int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            long mark;
            lock (_sequenceLock)
            {
                if (_nextSequence + count <= _reservedSequence)
                {
                    var first = _nextSequence;
                    _nextSequence += count;
                    return new(first, _clock.Now);
                }
                mark = _nextSequence + count + SequenceAhead;
            }
            await _writer.RunAsync(
                tables => tables.Connection.Prepare("UPDATE meta SET sequence = max(sequence, ?)").Bind(1, mark).Changes(), 1, cancellationToken);
            lock (_sequenceLock)
                _reservedSequence = Math.Max(_reservedSequence, mark);
        }
    }

    /// <inheritdoc/>
    public ValueTask<SessionAnswer> WriteSessionAsync(SessionRecord session, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(session.Id);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease, TimeSpan.Zero);
        return new(_writer.RunAsync(tables => Write(tables, session, lease), 1, cancellationToken));
    }

    private static SessionAnswer Write(StoreTables tables, SessionRecord session, TimeSpan lease)
    {
        var now = tables.Now;
        var expiresAt = now + (long)lease.TotalMilliseconds;
        if (tables.Ended.ContainsKey(session.Id))
            return new(now, 0, true);
        // A record that says "ended" outlives the mark where nobody removed it.
        var written = tables.Connection.Prepare(
            """
            INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT (id)
            DO UPDATE SET worker_id = ?2, home = ?3, body = ?4, expires_at = ?5 WHERE ended = 0
            """)
            .Bind(1, session.Id).Bind(2, session.WorkerId).Bind(3, session.Home).Bind(4, session.Body.Span).Bind(5, expiresAt).Changes();
        return written == 1 ? new(now, expiresAt, false) : new(now, 0, true);
    }

    /// <inheritdoc/>
    public ValueTask<SessionPage> ReadSessionsAsync(CancellationToken cancellationToken) => _readers.ReadAsync(
        connection =>
        {
            var clock = _clock.Now;
            return new SessionPage(clock, connection.Prepare("SELECT id, worker_id, home, body, expires_at, ended FROM sessions").All(row =>
                new SessionRecord(row.Text(0), row.Text(1), row.Text(2), row.Bytes(3).ToArray(), row.Long(4), row.Long(5) != 0)));
        },
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask MarkSessionEndedAsync(string sessionId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(sessionId);
        await _writer.RunAsync(tables => MarkEnded(tables, sessionId), 1, cancellationToken);
    }

    private static bool MarkEnded(StoreTables tables, string sessionId)
    {
        var now = tables.Now;
        var old = now - (long)StoreLimits.EndedMarkAge.TotalMilliseconds;
        foreach (var session in tables.Ended.Where(mark => mark.Value < old).Select(mark => mark.Key).ToList())
        {
            tables.Connection.Prepare("DELETE FROM ended WHERE session = ?").Bind(1, session).Run();
            tables.Ended.Remove(session);
        }
        if (tables.Ended.TryAdd(sessionId, now))
            tables.Connection.Prepare("INSERT INTO ended VALUES (?, ?)").Bind(1, sessionId).Bind(2, now).Run();
        tables.Connection.Prepare("UPDATE sessions SET ended = 1 WHERE id = ?").Bind(1, sessionId).Run();
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveSessionAsync(string sessionId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(sessionId);
        await _writer.RunAsync(
            tables => tables.Connection.Prepare("DELETE FROM sessions WHERE id = ? AND ended = 1").Bind(1, sessionId).Changes(), 1, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<PassMark> MarkPassAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new(_writer.RunAsync(
            tables =>
            {
                var now = tables.Now;
                var previous = tables.Connection.Prepare("SELECT at FROM passes WHERE name = ?").Bind(1, name).All(row => row.Long(0));
                tables.Connection.Prepare("INSERT INTO passes VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET at = ?2").Bind(1, name).Bind(2, now).Run();
                return new PassMark(previous.FirstOrDefault(), now);
            },
            1,
            cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<string> AgreeAsync(string name, string proposal, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new(_writer.RunAsync(
            tables =>
            {
                tables.Connection.Prepare("INSERT OR IGNORE INTO facts VALUES (?, ?)").Bind(1, name).Bind(2, proposal).Run();
                return tables.Connection.Prepare("SELECT value FROM facts WHERE name = ?").Bind(1, name).All(row => row.Text(0))[0];
            },
            1,
            cancellationToken));
    }
}

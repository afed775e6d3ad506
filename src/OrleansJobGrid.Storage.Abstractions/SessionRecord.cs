namespace OrleansJobGrid.Storage;

/// <summary>A worker's session as stored: its lease is the store's clock at the last write plus the lease asked for.</summary>
/// <param name="Id">Random, made by the worker process at its start.</param>
/// <param name="WorkerId">The worker.</param>
/// <param name="Home">The silo it lives in, or empty for a worker outside the cluster.</param>
/// <param name="Body">What the grid keeps beside it, opaque to the store.</param>
/// <param name="ExpiresAt">End of the lease, Unix ms; set by the store.</param>
/// <param name="Ended">Whether it was marked as ended; set by the store.</param>
public sealed record SessionRecord(string Id, string WorkerId, string Home, ReadOnlyMemory<byte> Body, long ExpiresAt = 0, bool Ended = false);

/// <summary>The answer to a heartbeat's write. <paramref name="Ended"/>: nothing was written, the session is over.</summary>
public readonly record struct SessionAnswer(long Clock, long ExpiresAt, bool Ended);

/// <summary>All sessions, with the clock at the reading.</summary>
public sealed record SessionPage(long Clock, IReadOnlyList<SessionRecord> Sessions);

namespace OrleansJobGrid.Storage;

/// <summary>
/// The durable side of the grid: job records with their indexes and events, the sessions of workers, documents, and one clock.
/// The grid decides, the store compares and applies; <see cref="ApplyAsync"/> is the only way to write a job.
/// </summary>
/// <remarks>
/// Every job lies in one shard (<see cref="JobShard"/>), with everything that belongs to it. Two kinds of exception leave a
/// store: <see cref="StoreUnavailableException"/> when the outcome of a call is unknown (the same call may be made again), and
/// other <see cref="JobStoreException"/>s for what a repetition does not mend. All times are Unix milliseconds of the store's clock,
/// which never goes back: max(the high-water mark kept in the shard, the host's clock).
/// </remarks>
public interface IJobStore : IAsyncDisposable
{
    /// <summary>What was opened, and what an acknowledged write survives there.</summary>
    StoreDescription Description { get; }

    /// <summary>The number of shards, fixed when the store was made.</summary>
    int ShardCount { get; }

    /// <summary>
    /// Applies a batch atomically, also across a crash in the middle. An operation that does not hold is left out with its reason
    /// and does not disturb the others.
    /// </summary>
    /// <param name="shard">0 to <see cref="ShardCount"/> - 1; every job of the batch lies in it.</param>
    /// <param name="batch">1 to <see cref="StoreLimits.BatchOperations"/> operations, at most one a job.</param>
    /// <param name="cancellationToken">Ends the wait; the outcome is then unknown.</param>
    /// <returns>The store's clock and one result an operation, in the order of the batch.</returns>
    ValueTask<ApplyAnswer> ApplyAsync(int shard, IReadOnlyList<JobOperation> batch, CancellationToken cancellationToken);

    /// <summary>Reads records; an absent job gives null at its place. At most <see cref="StoreLimits.ReadPage"/> ids.</summary>
    ValueTask<IReadOnlyList<StoredJob?>> ReadJobsAsync(int shard, IReadOnlyList<string> jobIds, CancellationToken cancellationToken);

    /// <summary>Reads all events of a job, oldest first; empty where there is no such job.</summary>
    ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ReadEventsAsync(int shard, string jobId, CancellationToken cancellationToken);

    /// <summary>
    /// Reads a page of an index in the order of (score, job id).
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="index">The index's name; one that nobody wrote is empty.</param>
    /// <param name="after">Where the page before ended (exclusive), or null for the start.</param>
    /// <param name="descending">From the highest score down.</param>
    /// <param name="limit">1 to <see cref="StoreLimits.ReadPage"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IndexPage> ReadIndexAsync(int shard, string index, IndexPosition? after, bool descending, int limit, CancellationToken cancellationToken);

    /// <summary>Counts the entries of each named index in a shard, in the order asked.</summary>
    ValueTask<IReadOnlyList<long>> CountIndexesAsync(int shard, IReadOnlyList<string> indexes, CancellationToken cancellationToken);

    /// <summary>For every shard and queue that ever held a ready job: the last number given and the entries now.</summary>
    ValueTask<IReadOnlyList<ReadyMark>> ReadReadyMarksAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Reads a page of the ready entries of a queue in a shard, in no promised order. Every entry that was there from the first page
    /// to the last is delivered at least once; one may come twice.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="queue">The queue's name.</param>
    /// <param name="cursor">Null for the first page, then <see cref="ReadyPage.Next"/> until that is null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<ReadyPage> ReadReadyAsync(int shard, string queue, string? cursor, CancellationToken cancellationToken);

    /// <summary>Reads the texts of the shard's requirement signatures by their hash.</summary>
    ValueTask<IReadOnlyDictionary<long, string>> ReadSignaturesAsync(int shard, CancellationToken cancellationToken);

    /// <summary>Sums a counter's increments over all shards since the store was made.</summary>
    ValueTask<IReadOnlyDictionary<string, long>> ReadCountersAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes <paramref name="count"/> numbers of the one sequence of submissions, together with the clock at that moment: a later
    /// block has a higher first number and a clock not lower. Gaps are fine, a number is never given twice.
    /// </summary>
    ValueTask<SequenceBlock> TakeSequenceAsync(int count, CancellationToken cancellationToken);

    /// <summary>
    /// Writes a worker session's record; its expiry becomes the store's clock plus <paramref name="lease"/>.
    /// An ended session is not written again.
    /// </summary>
    ValueTask<SessionAnswer> WriteSessionAsync(SessionRecord session, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Reads all sessions that were not removed, with the clock.</summary>
    ValueTask<SessionPage> ReadSessionsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Marks a session as ended in every shard, and in its own record: from then on no operation that names it in
    /// <see cref="JobOperation.Session"/> is applied. The mark is kept for <see cref="StoreLimits.EndedMarkAge"/>. Idempotent.
    /// </summary>
    ValueTask MarkSessionEndedAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>Removes an ended session's record once nothing is leased to it any more. Idempotent.</summary>
    ValueTask RemoveSessionAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>Notes that a periodic pass of this name runs now, and tells when the one before ran (0: never).</summary>
    ValueTask<PassMark> MarkPassAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Returns the value under a name, writing <paramref name="proposal"/> first if there is none: the first writer wins, all read
    /// the same. Used for facts that every process of a grid must agree on.
    /// </summary>
    ValueTask<string> AgreeAsync(string name, string proposal, CancellationToken cancellationToken);

    /// <summary>
    /// Reads all documents of a collection as they were at one moment, in no promised order; empty where nobody wrote one. A collection
    /// lies in no shard and is read whole: it is meant for up to some thousand small documents.
    /// </summary>
    /// <param name="collection">1 to <see cref="StoreLimits.CollectionNameLength"/> characters of a-z, 0-9 and -.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The name is not such a one.</exception>
    ValueTask<IReadOnlyList<StoredDocument>> ReadDocumentsAsync(string collection, CancellationToken cancellationToken);

    /// <summary>
    /// Writes or deletes a document if its stored version is the expected one; its version is then the expected one plus 1. After a
    /// deletion versions begin again at 1, so a version alone does not tell a document from one that was made anew under its key.
    /// </summary>
    /// <param name="collection">1 to <see cref="StoreLimits.CollectionNameLength"/> characters of a-z, 0-9 and -.</param>
    /// <param name="key">1 to <see cref="StoreLimits.DocumentKeyLength"/> characters.</param>
    /// <param name="expectedVersion">The version that was read; 0: there is no document.</param>
    /// <param name="body">At most <see cref="StoreLimits.DocumentBytes"/>, and may be empty; null deletes (a null array is an empty body).</param>
    /// <param name="cancellationToken">Ends the wait; the outcome is then unknown.</param>
    /// <returns>Whether it was written, and the version stored after the call.</returns>
    /// <exception cref="ArgumentException">An argument is out of its range, or nothing (version 0) is to be deleted; it is named.</exception>
    /// <exception cref="StoreUnavailableException">
    /// Whether it was written is unknown, and it may still be written after a reading that does not show it. Where the call is made
    /// again, one of the two is written at most. No operation id is kept: if it was the first, the second is told of a conflict, and
    /// the caller reads the document again and compares its body.
    /// </exception>
    ValueTask<DocumentAnswer> WriteDocumentAsync(
        string collection, string key, long expectedVersion, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken);

    /// <summary>
    /// Opens, bounds or closes a shard's outbox. While it is open, each operation that appends events also appends a pointer to them, in the
    /// same write. Closing drops all pointers and takes a number, by which a reader sees that it missed something; the numbers go on.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="capacity">How many pointers are kept, the newest; 0 closes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask SetOutboxAsync(int shard, long capacity, CancellationToken cancellationToken);

    /// <summary>Reads the pointers of a shard's outbox in the order of their numbers, with the events that they lead to.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="after">The number after which to begin; 0: at the lowest.</param>
    /// <param name="limit">1 to <see cref="StoreLimits.OutboxPage"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<OutboxPage> ReadOutboxAsync(int shard, long after, int limit, CancellationToken cancellationToken);

    /// <summary>Drops the pointers of a shard's outbox up to this number. Idempotent.</summary>
    ValueTask TrimOutboxAsync(int shard, long through, CancellationToken cancellationToken);

    /// <summary>Reads a whole shard for the checker; not for a shard in use at scale.</summary>
    ValueTask<ShardDump> DumpAsync(int shard, CancellationToken cancellationToken);
}

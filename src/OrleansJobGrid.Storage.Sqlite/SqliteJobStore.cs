namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>
/// <see cref="IJobStore"/> on one SQLite file, for one process: write-ahead log, every commit synced (<c>synchronous=FULL</c>), one
/// shard. Reads see every write that was acknowledged before them.
/// </summary>
/// <remarks>
/// The clock's high-water mark is kept with each write. After a crash together with a step back of the host's clock, a clock that
/// only readings saw since the last write may be seen again.
/// </remarks>
public sealed partial class SqliteJobStore : IJobStore
{
    private readonly DataFolder _folder;
    private readonly StoreClock _clock;
    private readonly Checkpointer _checkpointer;
    private readonly WriterLoop _writer;
    private readonly ReaderPool _readers;
    private int _disposed;

    private SqliteJobStore(DataFolder folder, StoreClock clock, SqliteStoreOptions options, string checkedAs)
    {
        _folder = folder;
        _clock = clock;
        var path = folder.Database;
        using (var meta = StoreFile.Open(path, 1_024))
        {
            // Texts of requirements that no ready job has any more would gather for ever.
            meta.Execute("DELETE FROM signatures WHERE hash NOT IN (SELECT signature FROM ready)");
            var row = meta.Prepare("SELECT store_id, clock, sequence FROM meta").All(r => (Id: r.Text(0), Clock: r.Long(1), Sequence: r.Long(2)))[0];
            clock.Raise(row.Clock);
            _nextSequence = _reservedSequence = row.Sequence;
            Description = new(
                "sqlite",
                row.Id,
                path,
                "An acknowledged write is on the disk: it survives kill -9 of the process and, where the disk keeps its word, a power cut.",
                [
                    new("journal_mode", meta.Texts("PRAGMA journal_mode")[0], null),
                    new("synchronous", "FULL", null),
                    new("sqlite_version", meta.Texts("SELECT sqlite_version()")[0], null),
                    new("quick_check", checkedAs, null),
                ]);
        }
        var writing = StoreFile.Open(path, 65_536);
        _checkpointer = new Checkpointer(StoreFile.Open(path, 1_024));
        _writer = new WriterLoop(writing, clock, _checkpointer);
        _readers = new ReaderPool(() => StoreFile.Open(path, 8_192), options.Readers);
    }

    /// <inheritdoc/>
    public StoreDescription Description { get; }

    /// <inheritdoc/>
    public int ShardCount => 1;

    /// <summary>Opens the store of a data folder, making it if there is none.</summary>
    /// <param name="options">Where, and how much is checked.</param>
    /// <param name="time">The host's clock.</param>
    /// <param name="cancellationToken">Asked before the opening begins.</param>
    /// <exception cref="StoreInUseException">Another process holds the folder; its pid is named.</exception>
    /// <exception cref="StoreDamagedException">The file is no store, of a newer version, or damaged; it was left as it is.</exception>
    public static Task<SqliteJobStore> OpenAsync(SqliteStoreOptions options, TimeProvider time, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            var folder = DataFolder.Hold(options.DataFolder);
            try
            {
                var clock = new StoreClock(time);
                return new SqliteJobStore(folder, clock, options, StoreFile.Prepare(folder.Database, options, clock.Now));
            }
            catch
            {
                folder.Dispose();
                throw;
            }
        },
        cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ApplyAnswer> ApplyAsync(int shard, IReadOnlyList<JobOperation> batch, CancellationToken cancellationToken)
    {
        OperationRules.CheckBatch(shard, 1, batch);
        return new(_writer.RunAsync(tables => tables.Apply(shard, batch), batch.Count, cancellationToken));
    }

    /// <summary>Writes what waits, folds the log into the file, and lets the folder go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await Task.Run(() =>
        {
            try
            {
                _writer.Close();
                _readers.Dispose();
                _checkpointer.Dispose();
            }
            finally
            {
                _folder.Dispose();
            }
        });
    }
}

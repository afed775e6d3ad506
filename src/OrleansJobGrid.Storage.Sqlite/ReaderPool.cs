using System.Collections.Concurrent;
using OrleansJobGrid.Storage.Sqlite.Engine;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>The connections that read beside the writer; each reading takes one, off the caller's thread, and gives it back.</summary>
internal sealed class ReaderPool(Func<SqliteConnection> open, int size) : IDisposable
{
    private readonly ConcurrentBag<SqliteConnection> _idle = [];
    private readonly SemaphoreSlim _free = new(size);
    private volatile bool _closed;

    /// <summary>Reads; statements must be read out when <paramref name="read"/> returns, or the log could not be folded.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closed, typeof(SqliteJobStore));
        await _free.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(SqliteJobStore));
            return await Task.Run(
                () =>
                {
                    var connection = _idle.TryTake(out var idle) ? idle : open();
                    try
                    {
                        return read(connection);
                    }
                    finally
                    {
                        _idle.Add(connection);
                    }
                },
                cancellationToken);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Waits for the readings under way and closes the connections.</summary>
    public void Dispose()
    {
        _closed = true;
        for (var i = 0; i < size; i++)
            _free.Wait();
        foreach (var connection in _idle)
            connection.Dispose();
        // Whoever waits still must get in, to be told that the store is closed.
        _free.Release(size);
    }
}

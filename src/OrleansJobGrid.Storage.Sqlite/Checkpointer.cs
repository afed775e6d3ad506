using OrleansJobGrid.Storage.Sqlite.Engine;
using SQLitePCL;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>
/// Folds the write-ahead log into the file, on a thread and a connection of its own beside the writer. A writer that never rests
/// would let the log grow without end, since it starts anew only when all of it is folded: past <see cref="PausePages"/> the writer
/// waits for one pass.
/// </summary>
internal sealed class Checkpointer : IDisposable
{
    private const int FoldPages = 2_000;
    private const int PausePages = 16_000;

    private readonly SqliteConnection _connection;
    private readonly Lock _writing = new();
    private readonly ManualResetEventSlim _open = new(true);
    private readonly Lock _signal = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Thread _thread;
    private int _pages;
    private volatile bool _closing;
    private volatile JobStoreException? _fault;

    public Checkpointer(SqliteConnection connection)
    {
        _connection = connection;
        _thread = new Thread(Loop) { IsBackground = true, Name = "jobgrid-sqlite-checkpointer" };
        _thread.Start();
    }

    /// <summary>
    /// Why the last pass failed; null once one succeeds again. While it is set nothing is written, or the log would fill the disk.
    /// </summary>
    public JobStoreException? Fault => _fault;

    /// <summary>Entered by the writer for each transaction.</summary>
    public Lock.Scope WhileWriting()
    {
        _open.Wait();
        return _writing.EnterScope();
    }

    /// <summary>Told by the writer after each commit.</summary>
    public void Wrote(int pages)
    {
        lock (_signal)
        {
            var before = _pages;
            _pages += pages;
            if (before < FoldPages && _pages >= FoldPages)
                _wake.Release();
        }
    }

    /// <summary>Folds all of the log and shortens it to nothing; for when the writer and the readers have closed.</summary>
    public void Dispose()
    {
        _closing = true;
        _wake.Release();
        _thread.Join();
        try
        {
            _connection.Checkpoint(raw.SQLITE_CHECKPOINT_TRUNCATE);
            _connection.RemoveLogOnClose();
        }
        finally
        {
            _connection.Dispose();
            _wake.Dispose();
            _open.Dispose();
        }
    }

    private void Loop()
    {
        while (true)
        {
            // After a fault the next try does not wait for the writer, which is standing still.
            _wake.Wait(_fault is null ? Timeout.Infinite : 1_000);
            if (_closing)
                return;
            lock (_signal)
                _pages = 0;
            try
            {
                if (_connection.Checkpoint(raw.SQLITE_CHECKPOINT_PASSIVE).Log > PausePages)
                    FoldTheRest();
                _fault = null;
            }
            catch (JobStoreException e)
            {
                _fault = e;
            }
        }
    }

    private void FoldTheRest()
    {
        _open.Reset();
        try
        {
            lock (_writing)
                _connection.Checkpoint(raw.SQLITE_CHECKPOINT_PASSIVE);
        }
        finally
        {
            _open.Set();
        }
    }
}

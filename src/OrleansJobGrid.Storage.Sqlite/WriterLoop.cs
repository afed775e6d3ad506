using OrleansJobGrid.Storage.Sqlite.Engine;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>
/// The one thread that writes. What waits is written in one transaction (a group commit, up to <see cref="GroupWeight"/> operations);
/// each caller is answered after the commit, which is on the disk by then.
/// </summary>
internal sealed class WriterLoop
{
    private const int GroupWeight = 2_000;

    private readonly SqliteConnection _connection;
    private readonly StoreTables _tables;
    private readonly Checkpointer _checkpointer;
    private readonly Queue<Request> _waiting = [];
    private readonly Thread _thread;
    private bool _closing;
    private ShardStoppedException? _stopped;

    private abstract class Request(int weight, CancellationToken cancellationToken)
    {
        public int Weight => weight;
        public CancellationToken Token => cancellationToken;
        public abstract void Work(StoreTables tables);
        public abstract void Answer();
        public abstract void Fail(Exception error);
    }

    private sealed class Request<T>(Func<StoreTables, T> work, int weight, CancellationToken token) : Request(weight, token)
    {
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public Task<T> Task => _answer.Task;

        public override void Work(StoreTables tables) => _result = work(tables);

        public override void Answer() => _answer.SetResult(_result);

        public override void Fail(Exception error)
        {
            if (error is OperationCanceledException)
                _answer.SetCanceled(Token);
            else
                _answer.SetException(error);
        }
    }

    public WriterLoop(SqliteConnection connection, StoreClock clock, Checkpointer checkpointer)
    {
        _connection = connection;
        _tables = new StoreTables(connection, clock);
        _checkpointer = checkpointer;
        _thread = new Thread(Loop) { IsBackground = true, Name = "jobgrid-sqlite-writer" };
        _thread.Start();
    }

    /// <summary>Does <paramref name="work"/> inside a transaction; the task ends after its commit.</summary>
    /// <param name="work">Runs on the writer's thread; runs again alone if another of its group failed.</param>
    /// <param name="weight">Operations.</param>
    /// <param name="cancellationToken">Ends the wait; what has begun is written all the same.</param>
    public Task<T> RunAsync<T>(Func<StoreTables, T> work, int weight, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);
        var request = new Request<T>(work, weight, cancellationToken);
        lock (_waiting)
        {
            ObjectDisposedException.ThrowIf(_closing, typeof(SqliteJobStore));
            _waiting.Enqueue(request);
            if (_waiting.Count == 1)
                Monitor.Pulse(_waiting);
        }
        return cancellationToken.CanBeCanceled ? request.Task.WaitAsync(cancellationToken) : request.Task;
    }

    /// <summary>Writes what waits, then ends. The connection is closed.</summary>
    public void Close()
    {
        lock (_waiting)
        {
            _closing = true;
            Monitor.Pulse(_waiting);
        }
        _thread.Join();
        _connection.Dispose();
    }

    private void Loop()
    {
        var group = new List<Request>();
        while (Take(group))
            if (!Write(group) && group.Count > 1)
                foreach (var request in group)
                    Write([request]);
    }

    private bool Take(List<Request> group)
    {
        group.Clear();
        lock (_waiting)
        {
            while (_waiting.Count == 0)
            {
                if (_closing)
                    return false;
                Monitor.Wait(_waiting);
            }
            for (var weight = 0; weight < GroupWeight && _waiting.TryDequeue(out var request); weight += request.Weight)
                group.Add(request);
        }
        return true;
    }

    /// <summary>False: nothing of the group was written, nobody was answered, and each is to be tried alone.</summary>
    private bool Write(List<Request> group)
    {
        group.RemoveAll(Abandoned);
        if (group.Count == 0)
            return true;
        try
        {
            if ((_stopped ?? _checkpointer.Fault) is { } fault)
                throw fault;
            using (_checkpointer.WhileWriting())
                Transact(group);
        }
        catch (Exception error) when (group.Count > 1 && error is not CommitException)
        {
            return false;
        }
        catch (Exception error)
        {
            group.ForEach(request => request.Fail(error is CommitException ? error.InnerException! : error));
            return true;
        }
        group.ForEach(request => request.Answer());
        return true;
    }

    private static bool Abandoned(Request request)
    {
        if (!request.Token.IsCancellationRequested)
            return false;
        request.Fail(new OperationCanceledException(request.Token));
        return true;
    }

    private void Transact(List<Request> group)
    {
        var begin = _connection.Prepare("BEGIN IMMEDIATE");
        begin.Run();
        try
        {
            group.ForEach(request => request.Work(_tables));
            _tables.Flush();
            Commit();
        }
        catch
        {
            _tables.Forget();
            if (_connection.InTransaction)
                _connection.Execute("ROLLBACK");
            throw;
        }
        _checkpointer.Wrote(_connection.TakePagesWritten());
    }

    // Once COMMIT has begun, whether the log's last page reached the disk is unknown. After a failed fsync the system may have dropped
    // pages that later commits would stand on, so nothing more is written by this process.
    private void Commit()
    {
        try
        {
            _connection.Prepare("COMMIT").Run();
        }
        catch (JobStoreException e)
        {
            if (e is StoreUnavailableException)
                _stopped = new ShardStoppedException(0, e.Message);
            throw new CommitException(e as StoreDamagedException ?? (JobStoreException)new StoreUnavailableException(e.Message, e));
        }
    }

    /// <summary>The commit itself failed: the outcome of all of the group is unknown.</summary>
    private sealed class CommitException(JobStoreException cause) : Exception(cause.Message, cause);
}

using OrleansJobGrid.Storage.Sqlite.Engine;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>The outbox as the writer's thread knows it. What it holds and its last number lie in memory until <see cref="Flush"/>.</summary>
internal sealed class Outbox(SqliteConnection connection)
{
    private readonly SqliteStatement _add = connection.Prepare("INSERT INTO outbox VALUES (?, ?, ?, ?)");
    private State? _state;

    private sealed class State(long capacity, long last)
    {
        public long Capacity = capacity;
        public long Last = last;
        public bool Changed;
    }

    /// <summary>Points to events of a job, if the outbox is open.</summary>
    public void Add(string jobId, long first, int count)
    {
        var state = Now;
        if (state.Capacity == 0 || count == 0)
            return;
        _add.Bind(1, ++state.Last).Bind(2, jobId).Bind(3, first).Bind(4, count).Run();
        state.Changed = true;
    }

    /// <summary>Opens, bounds or closes it.</summary>
    public void Set(long capacity)
    {
        var state = Now;
        if (state.Capacity > 0 && capacity == 0)
            state.Last++;
        (state.Capacity, state.Changed) = (capacity, true);
    }

    /// <summary>Drops pointers up to this number.</summary>
    public void Trim(long through) => connection.Prepare("DELETE FROM outbox WHERE number <= ?").Bind(1, through).Run();

    /// <summary>Writes what changed, and drops what is too much.</summary>
    public void Flush()
    {
        if (_state is not { Changed: true } state)
            return;
        connection.Prepare("UPDATE outbox_state SET capacity = ?, last = ?").Bind(1, state.Capacity).Bind(2, state.Last).Run();
        Trim(state.Last - state.Capacity);
        state.Changed = false;
    }

    /// <summary>Drops what is in memory; the file decides.</summary>
    public void Forget() => _state = null;

    private State Now => _state ??= connection.Prepare("SELECT capacity, last FROM outbox_state").All(row => new State(row.Long(0), row.Long(1)))[0];
}

using OrleansJobGrid.Storage.Sqlite.Engine;

namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>
/// The names of indexes and queues with their counts, as the writer knows them. Changes lie in memory until <see cref="Flush"/>,
/// once a transaction: a batch touches few names many times.
/// </summary>
internal sealed class Collections(SqliteConnection connection)
{
    public const int Index = 0;
    public const int Queue = 1;

    // Names come and go (one for each worker's session): what is kept in memory is bounded.
    private const int Kept = 20_000;

    private readonly Dictionary<(int Kind, string Name), Collection> _byName = [];
    private readonly Dictionary<long, Collection> _byId = [];
    private readonly List<Collection> _changed = [];

    /// <summary>One index or queue.</summary>
    internal sealed class Collection(long id, int kind, string name, long lastNumber, long entries)
    {
        public long Id => id;
        public int Kind => kind;
        public string Name => name;
        public long LastNumber = lastNumber;
        public long Entries = entries;
        public bool Changed;
    }

    /// <summary>The collection of this name, or null.</summary>
    public Collection? Find(int kind, string name)
    {
        if (_byName.TryGetValue((kind, name), out var known))
            return known;
        var select = connection.Prepare("SELECT id, last_number, entries FROM collections WHERE kind = ? AND name = ?").Bind(1, kind).Bind(2, name);
        if (!select.Next())
            return null;
        var found = new Collection(select.Long(0), kind, name, select.Long(1), select.Long(2));
        select.Reset();
        return Keep(found);
    }

    /// <summary>The collection of this name, made if there is none.</summary>
    public Collection Get(int kind, string name)
    {
        if (Find(kind, name) is { } found)
            return found;
        connection.Prepare("INSERT INTO collections (kind, name, last_number, entries) VALUES (?, ?, 0, 0)").Bind(1, kind).Bind(2, name).Run();
        return Keep(new Collection(connection.LastRowId, kind, name, 0, 0));
    }

    /// <summary>The queue that a record refers to.</summary>
    public Collection QueueOf(long id)
    {
        if (_byId.TryGetValue(id, out var known))
            return known;
        var select = connection.Prepare("SELECT name, last_number, entries FROM collections WHERE id = ?").Bind(1, id);
        if (!select.Next())
            throw new StoreDamagedException($"{connection.Path} is damaged: a job refers to queue {id}, which is not there.");
        var found = new Collection(id, Queue, select.Text(0), select.Long(1), select.Long(2));
        select.Reset();
        return Keep(found);
    }

    /// <summary>Counts entries in or out.</summary>
    public void Count(Collection collection, int by)
    {
        if (by == 0)
            return;
        collection.Entries += by;
        if (collection.Changed)
            return;
        collection.Changed = true;
        _changed.Add(collection);
    }

    /// <summary>Writes what changed.</summary>
    public void Flush()
    {
        foreach (var collection in _changed)
        {
            collection.Changed = false;
            if (collection is { Entries: 0, LastNumber: 0 })
            {
                connection.Prepare("DELETE FROM collections WHERE id = ?").Bind(1, collection.Id).Run();
                _byName.Remove((collection.Kind, collection.Name));
                _byId.Remove(collection.Id);
                continue;
            }
            connection.Prepare("UPDATE collections SET last_number = ?, entries = ? WHERE id = ?")
                .Bind(1, collection.LastNumber).Bind(2, collection.Entries).Bind(3, collection.Id).Run();
        }
        _changed.Clear();
        if (_byName.Count > Kept)
            Forget();
    }

    /// <summary>Drops what is in memory; the file decides.</summary>
    public void Forget()
    {
        _byName.Clear();
        _byId.Clear();
        _changed.Clear();
    }

    private Collection Keep(Collection collection)
    {
        _byName[(collection.Kind, collection.Name)] = collection;
        _byId[collection.Id] = collection;
        return collection;
    }
}

namespace OrleansJobGrid.Storage;

/// <summary>A store could not do what was asked, and asking again does not mend it.</summary>
public class JobStoreException : Exception
{
    public JobStoreException(string message) : base(message) { }

    public JobStoreException(string message, Exception? inner) : base(message, inner) { }
}

/// <summary>The store did not answer: whether the call took effect is unknown, and it may be sent again unchanged.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : JobStoreException(message, inner);

/// <summary>Another process holds the data folder.</summary>
public sealed class StoreInUseException(string message, Exception? inner = null) : JobStoreException(message, inner);

/// <summary>The store is damaged, of a newer version, or not a store at all; it was left as it is.</summary>
public sealed class StoreDamagedException(string message, Exception? inner = null) : JobStoreException(message, inner);

/// <summary>A write failed half way in a shard, which stands still until the checker has mended it.</summary>
public sealed class ShardStoppedException(int shard, string reason)
    : JobStoreException($"Shard {shard} of the store stands still since a write failed in the middle ({reason}). Run 'jobgrid doctor' against this store.")
{
    /// <summary>The shard.</summary>
    public int Shard { get; } = shard;
}

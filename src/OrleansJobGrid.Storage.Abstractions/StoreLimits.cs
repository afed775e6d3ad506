namespace OrleansJobGrid.Storage;

/// <summary>Limits that both stores keep.</summary>
public static class StoreLimits
{
    /// <summary>Operations a batch.</summary>
    public const int BatchOperations = 500;

    /// <summary>Bytes a batch, records and events together, beyond which the sender closes it (a single larger operation goes alone).</summary>
    public const int BatchBytes = 1 << 20;

    /// <summary>Bytes a record; larger payloads travel by reference.</summary>
    public const int RecordBytes = 256 << 10;

    /// <summary>Characters of a job id.</summary>
    public const int JobIdLength = 128;

    /// <summary>Entries a read.</summary>
    public const int ReadPage = 5_000;

    /// <summary>Pointers of an outbox that one reading gives.</summary>
    public const int OutboxPage = 500;

    /// <summary>Bytes a document.</summary>
    public const int DocumentBytes = 256 << 10;

    /// <summary>Characters of a document's key.</summary>
    public const int DocumentKeyLength = 256;

    /// <summary>Characters of a collection's name.</summary>
    public const int CollectionNameLength = 64;

    /// <summary>How long an ended session's mark is kept: longer than any message of it can travel.</summary>
    public static readonly TimeSpan EndedMarkAge = TimeSpan.FromDays(1);
}

namespace OrleansJobGrid.Storage;

/// <summary>A document as stored.</summary>
/// <param name="Key">Its name in the collection.</param>
/// <param name="Version">1 when it was made, one more with each writing; after a deletion it begins at 1 again.</param>
/// <param name="Body">Opaque to the store; may be empty.</param>
public sealed record StoredDocument(string Key, long Version, ReadOnlyMemory<byte> Body);

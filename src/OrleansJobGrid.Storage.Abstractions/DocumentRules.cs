using System.Buffers;

namespace OrleansJobGrid.Storage;

/// <summary>Which collections and documents no store takes; both stores ask here first.</summary>
public static class DocumentRules
{
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Refuses a collection's name that is not 1 to <see cref="StoreLimits.CollectionNameLength"/> characters of a-z, 0-9 and -.</summary>
    /// <exception cref="ArgumentException">Names the argument and its range.</exception>
    public static void CheckCollection(string collection)
    {
        if (string.IsNullOrEmpty(collection) || collection.Length > StoreLimits.CollectionNameLength || collection.AsSpan().ContainsAnyExcept(NameCharacters))
            throw new ArgumentException(
                $"A collection's name is 1 to {StoreLimits.CollectionNameLength} characters of a-z, 0-9 and -, not '{collection}'.", nameof(collection));
    }

    /// <summary>Refuses a writing that can never hold, or that is larger than a document may be.</summary>
    /// <exception cref="ArgumentException">Names the argument and its range.</exception>
    public static void CheckWrite(string collection, string key, long expectedVersion, ReadOnlyMemory<byte>? body)
    {
        CheckCollection(collection);
        if (string.IsNullOrEmpty(key) || key.Length > StoreLimits.DocumentKeyLength)
            throw new ArgumentException($"A document's key is 1 to {StoreLimits.DocumentKeyLength} characters, not {key?.Length ?? 0}.", nameof(key));
        if (expectedVersion is < 0 or long.MaxValue)
            throw new ArgumentException($"0 where there is no document, else the version that was read, not {expectedVersion}.", nameof(expectedVersion));
        if (body is null && expectedVersion == 0)
            throw new ArgumentException("A null body deletes, and where version 0 is expected there is nothing to delete.", nameof(expectedVersion));
        if (body is { Length: > StoreLimits.DocumentBytes } large)
            throw new ArgumentException($"A document holds at most {StoreLimits.DocumentBytes} bytes, not {large.Length}; divide it.", nameof(body));
    }
}

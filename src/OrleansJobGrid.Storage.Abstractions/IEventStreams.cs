namespace OrleansJobGrid.Storage;

/// <summary>A store that can keep streams of its own that other programs read, such as those of Redis.</summary>
public interface IEventStreams
{
    /// <summary>The name that readers know a stream by.</summary>
    string AddressOf(string stream);

    /// <summary>Appends entries in their order. Where the call fails, some may have been appended: the same call may be made again.</summary>
    /// <param name="stream">1 to <see cref="StoreLimits.DocumentKeyLength"/> characters.</param>
    /// <param name="entries">At least one; each a list of fields.</param>
    /// <param name="length">About so many entries are kept, the newest; 1 or more.</param>
    /// <param name="cancellationToken">Ends the wait; what was appended is then unknown.</param>
    ValueTask AppendAsync(string stream, IReadOnlyList<IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>>> entries, long length, CancellationToken cancellationToken);
}

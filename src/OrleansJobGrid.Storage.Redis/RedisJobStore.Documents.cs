using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

public sealed partial class RedisJobStore
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredDocument>> ReadDocumentsAsync(string collection, CancellationToken cancellationToken)
    {
        DocumentRules.CheckCollection(collection);
        var all = await _connection.AskAsync(() => _connection.Bulk.HashGetAllAsync(_keys.Documents(collection)), cancellationToken);
        return [.. all.Select(pair => DocumentValue.Read(pair.Name!, pair.Value))];
    }

    /// <inheritdoc/>
    public async ValueTask<DocumentAnswer> WriteDocumentAsync(
        string collection, string key, long expectedVersion, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken)
    {
        DocumentRules.CheckWrite(collection, key, expectedVersion, body);
        var value = body is { } bytes ? DocumentValue.Write(expectedVersion + 1, bytes) : [];
        var answer = (RedisResult[])(await _connection.RunAsync(
            RedisScript.WriteDocument, [_keys.Documents(collection)], [key, DocumentValue.Write(expectedVersion), value], cancellationToken))!;
        return new((long)answer[0] == 1, DocumentValue.Version(key, (ReadOnlyMemory<byte>)(RedisValue)answer[1]));
    }
}

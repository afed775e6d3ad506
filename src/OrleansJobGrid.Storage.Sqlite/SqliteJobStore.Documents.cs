namespace OrleansJobGrid.Storage.Sqlite;

public sealed partial class SqliteJobStore
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredDocument>> ReadDocumentsAsync(string collection, CancellationToken cancellationToken)
    {
        DocumentRules.CheckCollection(collection);
        return _readers.ReadAsync<IReadOnlyList<StoredDocument>>(
            connection => connection.Prepare("SELECT key, version, body FROM documents WHERE collection = ?").Bind(1, collection)
                .All(row => new StoredDocument(row.Text(0), row.Long(1), row.Bytes(2).ToArray())),
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<DocumentAnswer> WriteDocumentAsync(
        string collection, string key, long expectedVersion, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken)
    {
        DocumentRules.CheckWrite(collection, key, expectedVersion, body);
        return new(_writer.RunAsync(tables => Write(tables, collection, key, expectedVersion, body), 1, cancellationToken));
    }

    private static DocumentAnswer Write(StoreTables tables, string collection, string key, long expectedVersion, ReadOnlyMemory<byte>? body)
    {
        var stored = tables.Connection.Prepare("SELECT version FROM documents WHERE collection = ? AND key = ?")
            .Bind(1, collection).Bind(2, key).All(row => row.Long(0)).FirstOrDefault();
        if (stored != expectedVersion)
            return new(false, stored);
        if (body is not { } bytes)
        {
            tables.Connection.Prepare("DELETE FROM documents WHERE collection = ? AND key = ?").Bind(1, collection).Bind(2, key).Run();
            return new(true, 0);
        }
        tables.Connection.Prepare(
            """
            INSERT INTO documents (collection, key, version, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (collection, key)
            DO UPDATE SET version = ?3, body = ?4
            """)
            .Bind(1, collection).Bind(2, key).Bind(3, expectedVersion + 1).Bind(4, bytes.Span).Run();
        return new(true, expectedVersion + 1);
    }
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using OrleansJobGrid.Artefacts;

namespace OrleansJobGrid.UnitTests.Gateway;

/// <summary>Artefacts in memory.</summary>
internal sealed class MemoryArtefacts : IArtefactStore
{
    public ConcurrentDictionary<string, byte[]> Kept { get; } = new();

    public string Location => "memory";

    public string Id => "00000000000000000000000000000000";

    public async Task<ArtefactInfo> UploadAsync(Stream content, long maxBytes, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        var piece = new byte[8192];
        while (await content.ReadAsync(piece, cancellationToken) is > 0 and var read)
        {
            all.Write(piece, 0, read);
            if (all.Length > maxBytes)
                throw new ArtefactTooLargeException(maxBytes);
        }

        var bytes = all.ToArray();
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Kept["sha256-" + hash] = bytes;
        return new ArtefactInfo("sha256-" + hash, hash, bytes.Length);
    }

    public async Task<ArtefactInfo> WriteOnceAsync(string artefactId, Stream content, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        await content.CopyToAsync(all, cancellationToken);
        var bytes = all.ToArray();
        if (!Kept.GetOrAdd(artefactId, bytes).AsSpan().SequenceEqual(bytes))
            throw new ArtefactExistsException(artefactId);
        return new ArtefactInfo(artefactId, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length);
    }

    public Task<Stream?> OpenReadAsync(string artefactId, CancellationToken cancellationToken)
    {
        if (artefactId.Contains("..", StringComparison.Ordinal))
            throw new ArgumentException("An id holds no '..'.", nameof(artefactId));
        return Task.FromResult<Stream?>(Kept.TryGetValue(artefactId, out var bytes) ? new MemoryStream(bytes, writable: false) : null);
    }

    public Task<IReadOnlyList<string>> ListScratchAsync(string jobId, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. Kept.Keys.Where(k => k.StartsWith($"scratch/{jobId}/", StringComparison.Ordinal))]);

    public Task DeleteScratchAsync(string jobId, CancellationToken cancellationToken)
    {
        foreach (var key in Kept.Keys.Where(k => k.StartsWith($"scratch/{jobId}/", StringComparison.Ordinal)))
            Kept.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    public Task DeleteJobAsync(string jobId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task TouchAsync(string uploadId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<StoredArtefact> ListAllAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> DeleteOldAsync(StoredArtefact artefact, DateTimeOffset before, CancellationToken cancellationToken) => throw new NotSupportedException();
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.TestKit.Connectors;

/// <summary>Files of a job in memory, with the store's rule: what was written once is not written with other bytes.</summary>
public sealed class FakeJobFiles : IJobFiles
{
    /// <summary>Inputs by artefact id.</summary>
    public ConcurrentDictionary<string, byte[]> Inputs { get; } = new();

    /// <summary>Scratch pieces by id.</summary>
    public ConcurrentDictionary<string, byte[]> Scratch { get; } = new();

    /// <summary>Outputs by artefact id.</summary>
    public ConcurrentDictionary<string, byte[]> Outputs { get; } = new();

    /// <summary>Job and epoch that the next file goes under.</summary>
    public string Folder { get; set; } = "job-1/1";

    /// <inheritdoc/>
    public Task<Stream> OpenInputAsync(string artefactId, CancellationToken cancellationToken) =>
        Inputs.TryGetValue(artefactId, out byte[]? content)
            ? Task.FromResult<Stream>(new MemoryStream(content, writable: false))
            : throw new ArtefactMissingException(artefactId);

    /// <inheritdoc/>
    public async Task<JobOutput> WriteOutputAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, cancellationToken);
        byte[] bytes = copy.ToArray();
        WriteOnce(Outputs, $"{Folder}/{name}", bytes);
        return new JobOutput($"{Folder}/{name}", name, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length);
    }

    /// <inheritdoc/>
    public Task<string> WriteScratchAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string id = $"scratch/{Folder}/{name}";
        WriteOnce(Scratch, id, content.ToArray());
        return Task.FromResult(id);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListScratchAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. Scratch.Keys]);

    /// <inheritdoc/>
    public Task<byte[]?> ReadScratchAsync(string scratchId, CancellationToken cancellationToken) =>
        Task.FromResult(Scratch.TryGetValue(scratchId, out byte[]? content) ? (byte[]?)content.ToArray() : null);

    private static void WriteOnce(ConcurrentDictionary<string, byte[]> files, string id, byte[] content)
    {
        if (!files.GetOrAdd(id, content).AsSpan().SequenceEqual(content))
            throw new InvalidOperationException($"'{id}' was written before with other bytes.");
    }
}

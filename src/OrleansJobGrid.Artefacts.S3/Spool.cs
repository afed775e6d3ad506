using System.Buffers;
using System.Security.Cryptography;

namespace OrleansJobGrid.Artefacts.S3;

/// <summary>
/// Content in a file of its own, with its hash: an upload's key is known only when all of it was read. The file is gone with the process,
/// however that ends.
/// </summary>
internal sealed class Spool : IAsyncDisposable
{
    private const int BufferBytes = 128 * 1024;

    private Spool(FileStream file) => Content = file;

    public FileStream Content { get; }

    /// <summary>Of the content.</summary>
    public byte[] Sha256 { get; private set; } = [];

    public string Sha256Hex => Convert.ToHexStringLower(Sha256);

    public long Size => Content.Length;

    public static async Task<Spool> ReadAsync(Stream content, string folder, long maxBytes, CancellationToken cancellationToken)
    {
        var spool = new Spool(Make(folder));
        try
        {
            await spool.FillAsync(content, maxBytes, cancellationToken);
            return spool;
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Content.DisposeAsync();

    private static FileStream Make(string folder)
    {
        var path = Path.Combine(folder, $"{Environment.ProcessId}-{Guid.NewGuid():N}");
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        if (!OperatingSystem.IsWindows())
            File.Delete(path);
        return file;
    }

    private async Task FillAsync(Stream content, long maxBytes, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long size = 0;
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                size += read;
                if (size > maxBytes)
                    throw new ArtefactTooLargeException(maxBytes);
                hash.AppendData(buffer, 0, read);
                await Content.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            Sha256 = hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

using System.Security.Cryptography;

namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary>A body that has to have a size and a hash: its end is an exception where it has another, so that nothing of it is kept.</summary>
internal sealed class PromisedStream(Stream content, string sha256, long size) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await content.ReadAsync(buffer, cancellationToken);
        if (read == 0 && buffer.Length > 0)
            CheckEnd();
        _hash.AppendData(buffer.Span[..read]);
        _read += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }

    private void CheckEnd()
    {
        if (_read != size)
            throw new BrokenPromiseException($"has {_read} bytes, but the link was made for {size}");
        if (Convert.ToHexStringLower(_hash.GetCurrentHash()) != sha256)
            throw new BrokenPromiseException($"does not have the hash {sha256} that the link was made for");
    }
}

/// <summary>An upload is not the one that was promised.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);

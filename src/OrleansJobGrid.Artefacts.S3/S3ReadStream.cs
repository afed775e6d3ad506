using System.Net;
using System.Security.Cryptography;
using Amazon.S3.Model;

namespace OrleansJobGrid.Artefacts.S3;

/// <summary>
/// An object as a seekable stream: pieces of it are asked for as they are read. A broken answer is asked for once more from where it broke.
/// Read from its start to its end, the hash of its bytes is compared with the one it was written with.
/// </summary>
internal sealed class S3ReadStream(S3Bucket bucket, string key, long length, string etag, string? sha256) : Stream
{
    /// <summary>What is asked for at a time: what was not read of it is thrown away.</summary>
    private const long PieceBytes = 16 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private GetObjectResponse? _answer;
    private long _answerEnd;
    private long _hashed;
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (value == _position)
                return;
            Drop();
            _position = value;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _position >= length)
            return 0;
        int read;
        try
        {
            read = await ReadOnceAsync(buffer, cancellationToken);
        }
        catch (IOException) when (_answer is not null)
        {
            Drop();
            read = await ReadOnceAsync(buffer, cancellationToken);
        }

        Hash(buffer.Span[..read]);
        _position += read;
        if (_position >= _answerEnd)
            Drop();
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Drop();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _answer ??= await AskAsync(cancellationToken);
        int read;
        try
        {
            read = await _answer.ResponseStream.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException && bucket.Fault($"Reading '{key}'", e) is { } fault)
        {
            throw fault;
        }

        return read > 0 ? read : throw new ArtefactStoreException($"Reading '{key}' in {bucket.Location} broke off at byte {_position} of {length}.");
    }

    private Task<GetObjectResponse> AskAsync(CancellationToken cancellationToken)
    {
        _answerEnd = Math.Min(length, _position + PieceBytes);
        var request = new GetObjectRequest { BucketName = bucket.Name, Key = key, ByteRange = new ByteRange(_position, _answerEnd - 1), EtagToMatch = etag };
        return bucket.Call($"Reading '{key}'", () => bucket.Client.GetObjectAsync(request, cancellationToken));
    }

    private void Hash(ReadOnlySpan<byte> read)
    {
        // Whoever jumps about is not checked.
        if (sha256 is null || _hashed != _position)
            return;
        _hash.AppendData(read);
        _hashed += read.Length;
        if (_hashed == length && Convert.ToHexStringLower(_hash.GetHashAndReset()) != sha256)
            throw new InvalidDataException($"The object '{key}' in {bucket.Location} does not have the bytes that it was written with: the bucket is damaged.");
    }

    private void Drop()
    {
        _answer?.Dispose();
        _answer = null;
    }
}

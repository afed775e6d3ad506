using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace OrleansJobGrid.Gateway.Hosting;

/// <summary>A request's whole body in one pooled piece.</summary>
internal sealed class PooledBody : IDisposable
{
    private const int FirstBytes = 4 << 10;

    private byte[] _bytes;
    private int _length;

    private PooledBody(int size) => _bytes = ArrayPool<byte>.Shared.Rent(size);

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    /// <summary>Reads it to the end; null: it is larger than the limit.</summary>
    public static async ValueTask<PooledBody?> ReadAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
            return null;
        // A length that was only announced is not paid for in memory.
        var body = new PooledBody((int)Math.Min(request.ContentLength ?? FirstBytes, 64 << 10));
        try
        {
            return await body.FillAsync(request.BodyReader, limit, cancellationToken) ? body : body.Drop();
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    private PooledBody? Drop()
    {
        Dispose();
        return null;
    }

    private async ValueTask<bool> FillAsync(PipeReader reader, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var fits = _length + read.Buffer.Length <= limit;
            if (fits)
                Append(read.Buffer);
            reader.AdvanceTo(read.Buffer.End);
            if (!fits || read.IsCompleted)
                return fits;
        }
    }

    private void Append(ReadOnlySequence<byte> piece)
    {
        var needed = _length + (int)piece.Length;
        if (needed > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, (int)Math.Min(_bytes.Length * 2L, Array.MaxLength)));
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        piece.CopyTo(_bytes.AsSpan(_length));
        _length = needed;
    }
}

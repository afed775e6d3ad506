using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.TestService.S3;

/// <summary>
/// Reads a request's body in whichever form it was sent (whole, or <c>aws-chunked</c> with signed or unsigned chunks and a trailer), and
/// verifies its hash, the signature of each chunk, and the checksum in the header or the trailer.
/// </summary>
internal sealed class AwsChunks(HttpRequest request, SignedBody signed, bool checksums)
{
    private const string Empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const int ChunkLimit = 16 << 20;

    private readonly Stream _body = request.Body;
    private readonly Dictionary<string, string> _trailer = new(StringComparer.OrdinalIgnoreCase);
    private readonly byte[] _one = new byte[1];
    private readonly Crc32 _crc = new();
    private string _before = signed.Seed;

    /// <summary>Copies the content; its length, hashes and checksum are right when this returns.</summary>
    /// <returns>Its SHA-256 and MD5 in hex, and its length.</returns>
    public async Task<(string Sha256, string Md5, long Size)> CopyAsync(Stream to, int? cutAfter)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
#pragma warning disable CA5351 // An ETag is an MD5.
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        long size = 0;
        await foreach (var part in PartsAsync())
        {
            size += part.Length;
            if (size > cutAfter)
                throw new S3Cut();
            sha.AppendData(part.Span);
            md5.AppendData(part.Span);
            _crc.Append(part.Span);
            await to.WriteAsync(part);
        }

        var hash = sha.GetHashAndReset();
        if (request.Headers.TryGetValue("x-amz-decoded-content-length", out var decoded) && decoded != size.ToString(CultureInfo.InvariantCulture))
            throw new S3Error(400, "IncompleteBody", $"The body has {size} bytes, not {decoded}.");
        CheckHash(hash);
        if (checksums)
            CheckSums(hash);
        return (Convert.ToHexStringLower(hash), Convert.ToHexStringLower(md5.GetHashAndReset()), size);
    }

    private void CheckHash(byte[] sha256)
    {
        if (signed.Content.Length == 64 && signed.Content != Convert.ToHexStringLower(sha256))
            throw new S3Error(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");
    }

    private void CheckSums(byte[] sha256)
    {
        foreach (var (name, value) in request.Headers.Select(h => (h.Key, h.Value.ToString())).Concat(_trailer.Select(t => (t.Key, t.Value))))
        {
            if (!name.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase))
                continue;
            var right = name["x-amz-checksum-".Length..].ToUpperInvariant() switch
            {
                "SHA256" => Convert.ToBase64String(sha256),
                "CRC32" => _crc.ToBase64(),
                "ALGORITHM" or "TYPE" or "MODE" => value,
                var other => throw new S3Error(400, "InvalidRequest", $"This server has no checksum {other}."),
            };
            if (value != right)
                throw new S3Error(400, "BadDigest", $"The {name} you specified did not match the calculated checksum.");
        }
    }

    private IAsyncEnumerable<ReadOnlyMemory<byte>> PartsAsync() => signed.Content switch
    {
        SigV4.Unsigned => WholeAsync(),
        { Length: 64 } => WholeAsync(),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => ChunksAsync(isSigned: true, hasTrailer: false),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => ChunksAsync(isSigned: true, hasTrailer: true),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => ChunksAsync(isSigned: false, hasTrailer: true),
        var other => throw new S3Error(400, "InvalidRequest", $"x-amz-content-sha256 is '{other}'."),
    };

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> WholeAsync()
    {
        var buffer = new byte[64 << 10];
        int read;
        while ((read = await _body.ReadAsync(buffer)) > 0)
            yield return buffer.AsMemory(0, read);
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ChunksAsync(bool isSigned, bool hasTrailer)
    {
        while (true)
        {
            var head = (await LineAsync()).Split(";chunk-signature=");
            var length = int.Parse(head[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (length > ChunkLimit || head.Length != (isSigned ? 2 : 1))
                throw new S3Error(400, "InvalidRequest", $"'{string.Join(';', head)}' is no head of a chunk.");
            var data = new byte[length];
            await _body.ReadExactlyAsync(data);
            if (isSigned)
                Follow("AWS4-HMAC-SHA256-PAYLOAD", head[1], Empty, SigV4.Hex(data));
            if (length == 0)
                break;
            if ((await LineAsync()).Length != 0)
                throw new S3Error(400, "InvalidRequest", "A chunk is longer than its head says.");
            yield return data;
        }

        if (hasTrailer)
            await TrailerAsync(isSigned);
        else if ((await LineAsync()).Length != 0)
            throw new S3Error(400, "InvalidRequest", "There is something behind the last chunk.");
    }

    private async Task TrailerAsync(bool isSigned)
    {
        string line;
        var lines = new StringBuilder();
        while ((line = await LineAsync()).Length > 0)
        {
            var (name, value) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            if (name == "x-amz-trailer-signature")
            {
                Follow("AWS4-HMAC-SHA256-TRAILER", value, SigV4.Hex(Encoding.UTF8.GetBytes(lines.ToString())));
                isSigned = false;
                continue;
            }

            _trailer.Add(name, value);
            lines.Append(name).Append(':').Append(value).Append('\n');
        }

        if (isSigned)
            throw new S3Error(403, "AccessDenied", "The trailer is not signed.");
        foreach (var promised in request.Headers["x-amz-trailer"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!_trailer.ContainsKey(promised))
                throw new S3Error(400, "MalformedTrailerError", $"The trailer lacks {promised}.");
        }
    }

    private void Follow(string kind, string signature, params string[] hashes)
    {
        _before = signed.Chain.Sign(kind, _before, hashes);
        if (_before != signature)
            throw new S3Error(403, "SignatureDoesNotMatch", $"The signature of a chunk ({kind}) is wrong.");
    }

    private async Task<string> LineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            await _body.ReadExactlyAsync(_one);
            if (_one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)_one[0]);
        }
    }
}

/// <summary>CRC-32 as in ISO 3309, big-endian in base64.</summary>
internal sealed class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(i =>
    {
        var value = (uint)i;
        for (var bit = 0; bit < 8; bit++)
            value = (value & 1) == 1 ? (value >> 1) ^ 0xEDB88320u : value >> 1;
        return value;
    })];

    private uint _state = uint.MaxValue;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
            _state = (_state >> 8) ^ Table[(byte)(_state ^ b)];
    }

    public string ToBase64()
    {
        var value = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(value, ~_state);
        return Convert.ToBase64String(value);
    }
}

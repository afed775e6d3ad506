using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace OrleansJobGrid.Artefacts.S3;

/// <summary>Writes objects that must not replace others, large ones in parts.</summary>
internal sealed class S3Writer(S3Bucket bucket, long partBytes)
{
    internal const string HashName = "x-amz-meta-sha256";
    private const string New = "*";
    private const int MostParts = 10_000;

    private const int ConflictTries = 5;

    private static readonly TimeSpan ConflictPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Writes the content under a key; false: there is an object already.</summary>
    public async Task<bool> TryPutNewAsync(string key, Spool spool, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return spool.Size <= partBytes ? await PutAsync(key, spool, cancellationToken) : await PutInPartsAsync(key, spool, cancellationToken);
            }
            catch (ArtefactStoreException e) when (tries < ConflictTries && e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.Conflict })
            {
                // Another writer of the key is about to win or to fail; who it was is known a moment later.
                await Task.Delay(ConflictPause * tries, TimeProvider.System, cancellationToken);
            }
        }
    }

    private async Task<bool> PutAsync(string key, Spool spool, CancellationToken cancellationToken)
    {
        spool.Content.Position = 0;
        var request = new PutObjectRequest
        {
            BucketName = bucket.Name,
            Key = key,
            InputStream = spool.Content,
            AutoCloseStream = false,
            ContentType = "application/octet-stream",
            IfNoneMatch = New,
            ChecksumSHA256 = Convert.ToBase64String(spool.Sha256),
        };
        request.Metadata[HashName] = spool.Sha256Hex;
        return await bucket.CallOrNull($"Writing '{key}'", HttpStatusCode.PreconditionFailed, () => bucket.Client.PutObjectAsync(request, cancellationToken)) is not null;
    }

    private async Task<bool> PutInPartsAsync(string key, Spool spool, CancellationToken cancellationToken)
    {
        var begin = new InitiateMultipartUploadRequest
        {
            BucketName = bucket.Name,
            Key = key,
            ContentType = "application/octet-stream",
            ChecksumAlgorithm = ChecksumAlgorithm.SHA256,
        };
        begin.Metadata[HashName] = spool.Sha256Hex;
        var begun = await bucket.Call($"Writing '{key}'", () => bucket.Client.InitiateMultipartUploadAsync(begin, cancellationToken));
        var whole = false;
        try
        {
            var parts = await PutPartsAsync(key, begun.UploadId, spool, cancellationToken);
            var complete = new CompleteMultipartUploadRequest { BucketName = bucket.Name, Key = key, UploadId = begun.UploadId, PartETags = parts, IfNoneMatch = New };
            whole = await CompleteAsync(complete, cancellationToken);
            return whole;
        }
        finally
        {
            if (!whole)
                await AbortAsync(key, begun.UploadId);
        }
    }

    /// <summary>
    /// Completes it; false: there is an object already. That may be its own one, where the answer to a first request was lost: the caller compares.
    /// </summary>
    private async Task<bool> CompleteAsync(CompleteMultipartUploadRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await bucket.Client.CompleteMultipartUploadAsync(request, cancellationToken);
            return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed || e.ErrorCode == "NoSuchUpload")
        {
            return false;
        }
        catch (Exception e) when (bucket.Fault($"Writing '{request.Key}'", e) is { } fault)
        {
            throw fault;
        }
    }

    private async Task<List<PartETag>> PutPartsAsync(string key, string uploadId, Spool spool, CancellationToken cancellationToken)
    {
        var each = Math.Max(partBytes, (spool.Size + MostParts - 1) / MostParts);
        var parts = new List<PartETag>();
        for (long at = 0; at < spool.Size; at += each)
        {
            var size = Math.Min(each, spool.Size - at);
            var part = new UploadPartRequest
            {
                BucketName = bucket.Name,
                Key = key,
                UploadId = uploadId,
                PartNumber = parts.Count + 1,
                InputStream = spool.Content,
                FilePosition = at,
                PartSize = size,
                ChecksumSHA256 = Convert.ToBase64String(await HashAsync(spool.Content, at, size, cancellationToken)),
            };
            spool.Content.Position = at;
            var put = await bucket.Call($"Writing '{key}'", () => bucket.Client.UploadPartAsync(part, cancellationToken));
            parts.Add(new(parts.Count + 1, put.ETag) { ChecksumSHA256 = part.ChecksumSHA256 });
        }

        return parts;
    }

    private static async Task<byte[]> HashAsync(FileStream content, long at, long size, CancellationToken cancellationToken)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            content.Position = at;
            while (size > 0)
            {
                var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, size)), cancellationToken);
                if (read == 0)
                    throw new EndOfStreamException();
                hash.AppendData(buffer, 0, read);
                size -= read;
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What is left where this fails too is taken away as an orphan.</summary>
    private async Task AbortAsync(string key, string uploadId)
    {
        try
        {
            await bucket.Client.AbortMultipartUploadAsync(bucket.Name, key, uploadId, CancellationToken.None);
        }
        catch (Exception e) when (bucket.Fault($"Ending the writing of '{key}'", e) is not null)
        {
            // The exception on its way says more, and the sweep of orphans finds the parts.
        }
    }
}

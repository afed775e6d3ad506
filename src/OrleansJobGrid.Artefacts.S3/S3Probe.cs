using System.Net;
using System.Security.Cryptography;
using Amazon.S3.Model;

namespace OrleansJobGrid.Artefacts.S3;

/// <summary>Finds out by writing whether a service keeps the two promises that the store rests on.</summary>
internal static class S3Probe
{
    internal const string Folder = "probe";

    /// <summary>Throws <see cref="InvalidDataException"/> with the mend where it does not.</summary>
    public static async Task CheckAsync(S3Bucket bucket, string spoolFolder, CancellationToken cancellationToken)
    {
        var key = bucket.Key(Folder, Guid.NewGuid().ToString("N"));
        try
        {
            await using var first = await Spool.ReadAsync(new MemoryStream([1]), spoolFolder, 1, cancellationToken);
            await using var second = await Spool.ReadAsync(new MemoryStream([2]), spoolFolder, 1, cancellationToken);
            var whole = new S3Writer(bucket, long.MaxValue);
            if (!await whole.TryPutNewAsync(key, first, cancellationToken) || await whole.TryPutNewAsync(key, second, cancellationToken))
                throw Unfit(bucket, "replaces objects although 'If-None-Match: *' forbids it, so that two writers of one output could both win");
            if (await new S3Writer(bucket, 0).TryPutNewAsync(key, second, cancellationToken))
                throw Unfit(bucket, "replaces objects by multipart uploads although 'If-None-Match: *' forbids it, so that two writers of one output could both win");
            await CheckHashAsync(bucket, key, cancellationToken);
        }
        finally
        {
            await bucket.Call($"Removing '{key}'", () => bucket.Client.DeleteObjectAsync(bucket.Name, key, CancellationToken.None));
        }
    }

    private static async Task CheckHashAsync(S3Bucket bucket, string key, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream([1]);
        var wrong = new PutObjectRequest { BucketName = bucket.Name, Key = key, InputStream = content, ChecksumSHA256 = Convert.ToBase64String(SHA256.HashData([2])) };
        var kept = await bucket.CallOrNull($"Writing '{key}'", HttpStatusCode.BadRequest, () => bucket.Client.PutObjectAsync(wrong, cancellationToken));
        if (kept is not null)
            throw Unfit(bucket, "keeps content that does not have its 'x-amz-checksum-sha256', so that a damaged upload would pass for a good one");
    }

    private static InvalidDataException Unfit(S3Bucket bucket, string why) =>
        new($"JobGrid:Artefacts:Kind is S3, but the service of {bucket.Location} {why}. Use a newer version of it or another service, or Kind Folder.");
}

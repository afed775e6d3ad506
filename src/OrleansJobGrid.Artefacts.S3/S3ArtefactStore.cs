using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Amazon.S3.Model;

namespace OrleansJobGrid.Artefacts.S3;

/// <summary>Artefacts in a bucket of a service that speaks S3. Any number of processes may use one prefix at the same time.</summary>
/// <remarks>
/// Keys below the prefix are the paths of the folder store: <c>uploads/HE/HEX</c>, <c>jobs/JOB/EPOCH/NAME</c>, <c>scratch/JOB/EPOCH/NAME</c>;
/// <c>used/HE/HEX</c> are empty objects whose age says when an upload was last in use. Nothing is replaced: writes are conditional
/// (<c>If-None-Match: *</c>). Each object has its SHA-256 as <c>x-amz-meta-sha256</c>, and the service verifies it as it takes the bytes.
/// </remarks>
public sealed class S3ArtefactStore : IArtefactStore, IDisposable
{
    private const string Used = "used";
    private const string IdFile = "store-id";
    private const long PartBytes = 64 << 20;
    private const int MostDeletions = 1_000;

    private readonly S3Bucket _bucket;
    private readonly S3Writer _writer;
    private readonly string _spool;

    private S3ArtefactStore(S3Bucket bucket, string spool, long partBytes) => (_bucket, _writer, _spool) = (bucket, new S3Writer(bucket, partBytes), spool);

    /// <inheritdoc/>
    public string Location => _bucket.Location;

    /// <inheritdoc/>
    public string Id { get; private set; } = "";

    /// <summary>Makes links of the service's own.</summary>
    public ILinkSigner Links => new S3Links(_bucket);

    /// <summary>Opens a bucket, and tries by writing whether its service is fit.</summary>
    /// <param name="options">Checked ones, with <see cref="ArtefactBackend.S3"/>.</param>
    /// <param name="spoolFolder">A local folder, made where it is missing, for what is on its way to the bucket.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="ArtefactStoreException">The bucket cannot be used; the message says why.</exception>
    /// <exception cref="InvalidDataException">The service does not have what is needed; the message says what, and the mend.</exception>
    public static Task<S3ArtefactStore> OpenAsync(ArtefactOptions options, string spoolFolder, CancellationToken cancellationToken) =>
        OpenAsync(options, spoolFolder, PartBytes, cancellationToken);

    internal static async Task<S3ArtefactStore> OpenAsync(ArtefactOptions options, string spoolFolder, long partBytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (ArtefactOptionsCheck.Errors(options) is { Count: > 0 } errors)
            throw new ArgumentException(string.Join(" ", errors), nameof(options));
        Directory.CreateDirectory(spoolFolder);
        var bucket = new S3Bucket(options);
        var store = new S3ArtefactStore(bucket, spoolFolder, partBytes);
        try
        {
            await S3Probe.CheckAsync(bucket, spoolFolder, cancellationToken);
            store.Id = await store.ReadOrMakeIdAsync(cancellationToken);
            return store;
        }
        catch
        {
            bucket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<ArtefactInfo> UploadAsync(Stream content, long maxBytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        await using var spool = await Spool.ReadAsync(content, _spool, maxBytes, cancellationToken);
        var id = ArtefactPath.UploadId(spool.Sha256Hex);
        var key = _bucket.Key(ArtefactPath.OfUpload(spool.Sha256Hex));
        if (!await _writer.TryPutNewAsync(key, spool, cancellationToken))
        {
            if (!await IsSameAsync(key, spool, cancellationToken))
                throw new InvalidDataException($"The object '{key}' in {Location} does not have the bytes of its name: the bucket is damaged.");
            await TouchAsync(id, cancellationToken);
        }

        return new ArtefactInfo(id, spool.Sha256Hex, spool.Size);
    }

    /// <inheritdoc/>
    public async Task<ArtefactInfo> WriteOnceAsync(string artefactId, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        var key = _bucket.Key(ArtefactPath.OfWritten(artefactId));
        await using var spool = await Spool.ReadAsync(content, _spool, long.MaxValue, cancellationToken);
        if (!await _writer.TryPutNewAsync(key, spool, cancellationToken) && !await IsSameAsync(key, spool, cancellationToken))
            throw new ArtefactExistsException(artefactId);
        return new ArtefactInfo(artefactId, spool.Sha256Hex, spool.Size);
    }

    /// <inheritdoc/>
    public async Task<Stream?> OpenReadAsync(string artefactId, CancellationToken cancellationToken)
    {
        var key = _bucket.Key(ArtefactPath.Of(artefactId));
        return await HeadAsync(key, cancellationToken) is { } head ? new S3ReadStream(_bucket, key, head.ContentLength, head.ETag, HashOf(head)) : null;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListScratchAsync(string jobId, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await foreach (var item in ListAsync(JobPrefix(ArtefactPath.Scratch, jobId), cancellationToken))
        {
            var parts = item.Key.Split('/');
            found.Add($"{ArtefactPath.Scratch}/{jobId}/{parts[^2]}/{parts[^1]}");
        }

        return found;
    }

    /// <inheritdoc/>
    public Task DeleteScratchAsync(string jobId, CancellationToken cancellationToken) => DeleteAllAsync(JobPrefix(ArtefactPath.Scratch, jobId), cancellationToken);

    /// <inheritdoc/>
    public async Task DeleteJobAsync(string jobId, CancellationToken cancellationToken)
    {
        await DeleteAllAsync(JobPrefix(ArtefactPath.Scratch, jobId), cancellationToken);
        await DeleteAllAsync(JobPrefix(ArtefactPath.Jobs, jobId), cancellationToken);
    }

    /// <inheritdoc/>
    public Task TouchAsync(string uploadId, CancellationToken cancellationToken)
    {
        var key = UsedKey(_bucket.Key(ArtefactPath.OfUploadId(uploadId)));
        var request = new PutObjectRequest { BucketName = _bucket.Name, Key = key, ContentBody = "", UseChunkEncoding = false };
        return _bucket.Call($"Writing '{key}'", () => _bucket.Client.PutObjectAsync(request, cancellationToken));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredArtefact> ListAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in ListAsync(_bucket.Prefix, cancellationToken))
        {
            var key = item.Key[_bucket.Prefix.Length..];
            var (modified, size) = (Utc(item.LastModified), item.Size ?? 0);
            if (key.StartsWith(S3Probe.Folder + "/", StringComparison.Ordinal) || key.StartsWith(Used + "/", StringComparison.Ordinal))
                yield return new(StoredKind.Unfinished, key, null, modified, size);
            else if (ArtefactPath.Describe(key, modified, size) is { Kind: not StoredKind.Unfinished } stored)
                yield return stored;
        }

        await foreach (var multipart in ListMultipartsAsync(cancellationToken))
            yield return new(StoredKind.Unfinished, MultipartKey(multipart), null, Utc(multipart.Initiated), 0);
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteOldAsync(StoredArtefact artefact, DateTimeOffset before, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(artefact);
        if (artefact.Key.Split('?') is [var path, var uploadId])
            return artefact.LastUsed < before && await AbortAsync(_bucket.Prefix + path, uploadId, cancellationToken);
        var key = _bucket.Prefix + artefact.Key;
        if (await HeadAsync(key, cancellationToken) is not { } head || Utc(head.LastModified) >= before)
            return false;
        if (artefact.Kind == StoredKind.Upload && await HeadAsync(UsedKey(key), cancellationToken) is { } used && Utc(used.LastModified) >= before)
            return false;
        await _bucket.Call($"Removing '{key}'", () => _bucket.Client.DeleteObjectAsync(_bucket.Name, key, cancellationToken));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _bucket.Dispose();

    private string UsedKey(string key) => string.Concat(_bucket.Prefix, Used, key.AsSpan(_bucket.Prefix.Length + ArtefactPath.Uploads.Length));

    private string JobPrefix(string top, string jobId) => _bucket.Key(top, ArtefactPath.JobFolder(jobId), "");

    private string MultipartKey(MultipartUpload multipart) => $"{multipart.Key[_bucket.Prefix.Length..]}?{multipart.UploadId}";

    private static DateTimeOffset Utc(DateTime? at) => at is { } time ? new DateTimeOffset(time.ToUniversalTime()) : DateTimeOffset.MaxValue;

    private static string? HashOf(GetObjectMetadataResponse head) => head.Metadata[S3Writer.HashName];

    private async Task<bool> IsSameAsync(string key, Spool spool, CancellationToken cancellationToken)
    {
        var head = await HeadAsync(key, cancellationToken)
            ?? throw new ArtefactStoreException($"The object '{key}' in {Location} was removed while it was written. Write it again.");
        return head.ContentLength == spool.Size && HashOf(head) == spool.Sha256Hex;
    }

    private Task<GetObjectMetadataResponse?> HeadAsync(string key, CancellationToken cancellationToken) => _bucket.CallOrNull(
        $"Looking for '{key}'", HttpStatusCode.NotFound, () => _bucket.Client.GetObjectMetadataAsync(_bucket.Name, key, cancellationToken));

    private async IAsyncEnumerable<S3Object> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = _bucket.Name, Prefix = prefix };
        do
        {
            var page = await _bucket.Call($"Listing '{prefix}'", () => _bucket.Client.ListObjectsV2Async(request, cancellationToken));
            foreach (var item in page.S3Objects ?? [])
                yield return item;
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    private async IAsyncEnumerable<MultipartUpload> ListMultipartsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListMultipartUploadsRequest { BucketName = _bucket.Name, Prefix = _bucket.Prefix };
        bool more;
        do
        {
            var page = await _bucket.Call("Listing unfinished uploads", () => _bucket.Client.ListMultipartUploadsAsync(request, cancellationToken));
            foreach (var item in page.MultipartUploads ?? [])
                yield return item;
            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
            more = page.IsTruncated == true;
        }
        while (more);
    }

    private async Task DeleteAllAsync(string prefix, CancellationToken cancellationToken)
    {
        var keys = new List<KeyVersion>();
        await foreach (var item in ListAsync(prefix, cancellationToken))
            keys.Add(new() { Key = item.Key });
        foreach (var some in keys.Chunk(MostDeletions))
        {
            var request = new DeleteObjectsRequest { BucketName = _bucket.Name, Objects = [.. some], Quiet = true };
            await _bucket.Call($"Removing '{prefix}'", () => _bucket.Client.DeleteObjectsAsync(request, cancellationToken));
        }
    }

    private async Task<bool> AbortAsync(string key, string uploadId, CancellationToken cancellationToken) => await _bucket.CallOrNull(
        $"Ending the writing of '{key}'", HttpStatusCode.NotFound, () => _bucket.Client.AbortMultipartUploadAsync(_bucket.Name, key, uploadId, cancellationToken)) is not null;

    private async Task<string> ReadOrMakeIdAsync(CancellationToken cancellationToken)
    {
        var key = _bucket.Key(IdFile);
        await using var made = await Spool.ReadAsync(new MemoryStream(Encoding.ASCII.GetBytes(Guid.NewGuid().ToString("N"))), _spool, 32, cancellationToken);
        await _writer.TryPutNewAsync(key, made, cancellationToken);
        var id = await _bucket.Call($"Reading '{key}'", async () =>
        {
            using var answer = await _bucket.Client.GetObjectAsync(_bucket.Name, key, cancellationToken);
            using var text = new StreamReader(answer.ResponseStream, Encoding.ASCII);
            return await text.ReadToEndAsync(cancellationToken);
        });
        return Guid.TryParseExact(id, "N", out _) ? id : throw new InvalidDataException($"'{key}' in {Location} does not hold an id of 32 hex digits. Restore it from a backup of the bucket.");
    }
}

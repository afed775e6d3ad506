namespace OrleansJobGrid.Artefacts;

/// <summary>
/// Files of jobs: uploads, outputs and scratch pieces. What has an id never changes. Durable when a call returns.
/// </summary>
/// <remarks>
/// Ids: an upload is <c>sha256-HEX</c>, the same bytes give the same id; an output is <c>JOB/EPOCH/NAME</c>; a scratch piece is
/// <c>scratch/JOB/EPOCH/NAME</c>. In file names, characters outside <c>A-Za-z0-9._-</c> of a job id are percent-encoded.
/// </remarks>
public interface IArtefactStore
{
    /// <summary>Where it keeps them, for messages.</summary>
    string Location { get; }

    /// <summary>
    /// A random id, 32 hex digits, made once by the first process that opened the place. Processes that see the same id share one store.
    /// </summary>
    string Id { get; }

    /// <summary>Keeps uploaded bytes under their hash.</summary>
    /// <param name="content">Read to the end.</param>
    /// <param name="maxBytes">More than this throws <see cref="ArtefactTooLargeException"/> and keeps nothing.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is kept then.</param>
    Task<ArtefactInfo> UploadAsync(Stream content, long maxBytes, CancellationToken cancellationToken);

    /// <summary>
    /// Writes <c>JOB/EPOCH/NAME</c> (or a scratch piece) once. The same bytes again are fine; other bytes throw
    /// <see cref="ArtefactExistsException"/>.
    /// </summary>
    Task<ArtefactInfo> WriteOnceAsync(string artefactId, Stream content, CancellationToken cancellationToken);

    /// <summary>Opens an artefact for reading, seekable; null where there is none. A malformed id throws <see cref="ArgumentException"/>.</summary>
    Task<Stream?> OpenReadAsync(string artefactId, CancellationToken cancellationToken);

    /// <summary>The ids of all scratch pieces of a job, whichever attempt wrote them, in no promised order.</summary>
    Task<IReadOnlyList<string>> ListScratchAsync(string jobId, CancellationToken cancellationToken);

    /// <summary>Removes all scratch pieces of a job. Idempotent.</summary>
    Task DeleteScratchAsync(string jobId, CancellationToken cancellationToken);

    /// <summary>Removes the outputs and scratch pieces of a job whose record was deleted. Idempotent; uploads stay.</summary>
    Task DeleteJobAsync(string jobId, CancellationToken cancellationToken);

    /// <summary>Notes that an upload is in use now, so that it counts as young for <see cref="DeleteOldAsync"/>. Nothing where there is none.</summary>
    Task TouchAsync(string uploadId, CancellationToken cancellationToken);

    /// <summary>
    /// All that is kept, in no promised order, pieces of writes that were cut short too. What is written or removed meanwhile may be
    /// among it or not.
    /// </summary>
    IAsyncEnumerable<StoredArtefact> ListAllAsync(CancellationToken cancellationToken);

    /// <summary>Removes one of <see cref="ListAllAsync"/> if it is still older than that. Idempotent.</summary>
    /// <returns>Whether it was removed.</returns>
    Task<bool> DeleteOldAsync(StoredArtefact artefact, DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>Something that a store keeps.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Key">Its place in the store, with slashes.</param>
/// <param name="Owner">Of an upload its id, of an output or scratch piece the job's id; null: that cannot be told from its place.</param>
/// <param name="LastUsed">When it was written or last touched.</param>
/// <param name="Size">Its length in bytes.</param>
public sealed record StoredArtefact(StoredKind Kind, string Key, string? Owner, DateTimeOffset LastUsed, long Size);

/// <summary>What a store keeps.</summary>
public enum StoredKind
{
    /// <summary>A file that somebody sent.</summary>
    Upload,

    /// <summary>A file that a job brought.</summary>
    Output,

    /// <summary>An intermediate piece of a job.</summary>
    Scratch,

    /// <summary>What is left of a write that was cut short.</summary>
    Unfinished,
}

/// <summary>An artefact that was kept.</summary>
public sealed record ArtefactInfo(string Artefact, string Sha256, long Size);

/// <summary>An upload was larger than allowed.</summary>
public sealed class ArtefactTooLargeException(long maxBytes) : Exception($"The artefact is larger than the {maxBytes} bytes allowed.")
{
    /// <summary>The limit.</summary>
    public long MaxBytes { get; } = maxBytes;
}

/// <summary>Another content stands under this id already.</summary>
public sealed class ArtefactExistsException(string artefactId) : Exception($"The artefact '{artefactId}' was written before with other bytes.");

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

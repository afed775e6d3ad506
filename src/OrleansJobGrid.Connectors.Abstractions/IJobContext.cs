using System.Text.Json;

namespace OrleansJobGrid.Connectors;

/// <summary>One attempt of a job, as a connector sees it.</summary>
public interface IJobContext
{
    /// <summary>The job's id.</summary>
    string JobId { get; }

    /// <summary>The grant's epoch: unique within the job, rising with every grant.</summary>
    long Epoch { get; }

    /// <summary>The attempt's number, from 1.</summary>
    int Attempt { get; }

    /// <summary>The payload as submitted; artefact ids stand where the submitter's files were.</summary>
    JsonElement Payload { get; }

    /// <summary>The state saved last by <see cref="SaveCheckpointAsync"/>, also by an earlier attempt; null if none.</summary>
    ReadOnlyMemory<byte>? Checkpoint { get; }

    /// <summary>Inputs and outputs.</summary>
    IJobFiles Files { get; }

    /// <summary>Work that this attempt takes over instead of posting it; null: an attempt of its own.</summary>
    Submission? Adopts => null;

    /// <summary>Posts of earlier attempts, oldest first: each is looked for at its instance before anything is posted anew.</summary>
    IReadOnlyList<Submission> Earlier => [];

    /// <summary>Service instances that lack something this job needs; they are not to be used.</summary>
    IReadOnlyList<string> ExcludedInstances => [];

    /// <summary>Id of the worker that runs it; null: not known.</summary>
    string? Worker => null;

    /// <summary>Uuid of the GPU that the attempt runs on, as <c>CUDA_VISIBLE_DEVICES</c> takes it; null: a CPU worker.</summary>
    string? Gpu => null;

    /// <summary>
    /// Says how much GPU memory the work took, MB of 1,048,576 bytes; the highest value counts. Where nobody says it, the worker reports
    /// what it saw of the device from outside.
    /// </summary>
    void ReportGpuMemory(long peakMb)
    {
    }

    /// <summary>
    /// The connector's instances that may be posted to now, in their configured order: neither excluded nor behind an open circuit
    /// breaker. Asking about earlier submissions needs no such leave.
    /// </summary>
    IReadOnlyList<string> UsableInstances => [];

    /// <summary>
    /// Takes an instance for this attempt, before the first request to it: what becomes of the attempt counts for or against its circuit
    /// breaker from here on. False: its breaker lets nobody through now, and another one is to be tried; where there is none, throw
    /// <see cref="NoUsableInstanceException"/>.
    /// </summary>
    bool TryUse(string instance) => true;

    /// <summary>
    /// With the token cancelled: the work outside goes on for another attempt, so it is let go and not stopped. Else it is stopped.
    /// </summary>
    bool LeaveRunning => false;

    /// <summary>
    /// Records a post durably, and runs it only if the attempt still holds its lease for longer than the post may take. Nothing may
    /// leave for the service before, and the post itself must not be repeated: after a fault look for the external id first.
    /// </summary>
    /// <param name="instance">The instance that is posted to, one of <see cref="IExternalConnector.Instances"/>.</param>
    /// <param name="bootMark">What the service says of its boot; null: it cannot tell.</param>
    /// <param name="post">
    /// Posts under the external id it is given. Its token ends with the submit timeout. What it returns is the service's own id of the work,
    /// at most 256 characters, which goes on record where later questions need it; null: they need none.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The submission on record. Throws <see cref="OperationCanceledException"/> where the post is forbidden.</returns>
    Task<Submission> SubmitAsync(string instance, string? bootMark, Func<string, CancellationToken, Task<string?>> post, CancellationToken cancellationToken) =>
        throw new NotSupportedException("This context records no submissions.");

    /// <summary>Notes that the attempt goes on with an earlier submission that was found after all. Throws <see cref="OperationCanceledException"/> where it may not.</summary>
    Task AttachAsync(Submission earlier, CancellationToken cancellationToken) =>
        throw new NotSupportedException("This context records no submissions.");

    /// <summary>Reports progress, 0 to 100, never durable; a value below an earlier one is ignored.</summary>
    void ReportProgress(double percent, string? message = null);

    /// <summary>Whether somebody watches unfinished pictures of this job: a service that makes them only when it is asked is asked then.</summary>
    bool PreviewsWanted => false;

    /// <summary>
    /// Shows an unfinished picture to those who watch the job, once a second at most, the latest one. It is kept nowhere. One that is larger
    /// than 1 MB is not shown.
    /// </summary>
    /// <param name="picture">The file's bytes; they must not change any more.</param>
    /// <param name="contentType">What it is, such as <c>image/jpeg</c>.</param>
    void ReportPreview(ReadOnlyMemory<byte> picture, string contentType)
    {
    }

    /// <summary>
    /// Offers a state to resume from, at most 64 KB; the last one wins and it is written at most once a second, so it may
    /// return before it is durable. What it refers to (scratch pieces) must have been written before.
    /// </summary>
    ValueTask SaveCheckpointAsync(ReadOnlyMemory<byte> state, CancellationToken cancellationToken);
}

/// <summary>The files of one attempt.</summary>
public interface IJobFiles
{
    /// <summary>Opens an artefact by its id. Throws <see cref="ArtefactMissingException"/> naming it.</summary>
    Task<Stream> OpenInputAsync(string artefactId, CancellationToken cancellationToken);

    /// <summary>Keeps an output under job and epoch; it is written once.</summary>
    /// <param name="name">A file name without folders.</param>
    /// <param name="content">Its bytes, read to the end.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is kept then.</param>
    Task<JobOutput> WriteOutputAsync(string name, Stream content, CancellationToken cancellationToken);

    /// <summary>Keeps an intermediate piece durably until the job is final, and returns its id for a later attempt.</summary>
    Task<string> WriteScratchAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// The ids of all pieces kept so far, by any attempt, in no promised order: also those kept after the last checkpoint became
    /// durable. The name that a piece was written under ends its id.
    /// </summary>
    Task<IReadOnlyList<string>> ListScratchAsync(CancellationToken cancellationToken);

    /// <summary>Reads a piece of this or an earlier attempt; null where it is gone.</summary>
    Task<byte[]?> ReadScratchAsync(string scratchId, CancellationToken cancellationToken);
}

/// <summary>An output that was kept.</summary>
/// <param name="Artefact">Its id, as in <c>GET /api/artefacts/{id}</c>.</param>
/// <param name="Name">Its file name.</param>
/// <param name="Sha256">Hash of its bytes, lowercase hex.</param>
/// <param name="Size">Its length in bytes.</param>
public sealed record JobOutput(string Artefact, string Name, string Sha256, long Size);

/// <summary>An artefact that a job names is not there.</summary>
public sealed class ArtefactMissingException(string artefactId)
    : Exception($"There is no artefact '{artefactId}'. Upload it first (POST /api/artefacts).")
{
    /// <summary>The id asked for.</summary>
    public string ArtefactId { get; } = artefactId;
}

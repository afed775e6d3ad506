using System.Text.Json;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>An attempt as its connector sees it; its files lie under job and epoch.</summary>
internal sealed class AttemptContext(Attempt attempt, IArtefactStore artefacts, AttemptSubmissions submissions, ArtefactOptions limits) : IJobContext, IJobFiles
{
    private const int CheckpointBytes = 64 << 10;
    private const int PreviewBytes = 1 << 20;

    private readonly OutputMeter _meter = new(limits.MaxOutputBytes, limits.MaxAttemptBytes);
    private JsonElement? _payload;

    public string JobId => attempt.Grant.JobId;

    public long Epoch => attempt.Grant.Token.Epoch;

    public int Attempt => attempt.Grant.Attempt;

    public JsonElement Payload => _payload ??= JsonElement.Parse(attempt.Grant.Payload);

    // Spelled out: through an array the conditional would give an empty memory where there is none.
    public ReadOnlyMemory<byte>? Checkpoint => attempt.Grant.Checkpoint is { } state ? new ReadOnlyMemory<byte>(state) : (ReadOnlyMemory<byte>?)null;

    public IJobFiles Files => this;

    public Submission? Adopts => submissions.Adopts;

    public IReadOnlyList<Submission> Earlier => submissions.Earlier;

    public IReadOnlyList<string> ExcludedInstances => attempt.Grant.ExcludedInstances;

    public IReadOnlyList<string> UsableInstances => submissions.Usable;

    public string? Worker => attempt.Worker;

    public string? Gpu => attempt.Gpu;

    public bool LeaveRunning => attempt.LeaveRunning;

    public bool TryUse(string instance) => submissions.TryUse(instance);

    public Task<Submission> SubmitAsync(
        string instance, string? bootMark, Func<string, CancellationToken, Task<string?>> post, CancellationToken cancellationToken) =>
        submissions.Submit(instance, bootMark, post, cancellationToken);

    public Task AttachAsync(Submission earlier, CancellationToken cancellationToken) => submissions.Attach(earlier, cancellationToken);

    public void ReportProgress(double percent, string? message = null) => attempt.Progressed(percent, message);

    public bool PreviewsWanted => attempt.PreviewsWanted;

    public void ReportPreview(ReadOnlyMemory<byte> picture, string contentType)
    {
        if (picture.Length <= PreviewBytes)
            attempt.Showed(new(picture, contentType));
    }

    public void ReportGpuMemory(long peakMb) => attempt.TookGpuMemory(peakMb);

    public ValueTask SaveCheckpointAsync(ReadOnlyMemory<byte> state, CancellationToken cancellationToken)
    {
        if (state.Length > CheckpointBytes)
            throw new ArgumentException($"A checkpoint holds at most {CheckpointBytes} bytes, this one has {state.Length}: keep the rest as scratch pieces.", nameof(state));
        attempt.Checkpointed(state.ToArray());
        return ValueTask.CompletedTask;
    }

    public async Task<Stream> OpenInputAsync(string artefactId, CancellationToken cancellationToken) =>
        await artefacts.OpenReadAsync(artefactId, cancellationToken) ?? throw new ArtefactMissingException(artefactId);

    public async Task<JobOutput> WriteOutputAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        var kept = await _meter.Write(name, content, counted => artefacts.WriteOnceAsync($"{JobId}/{Epoch}/{name}", counted, cancellationToken));
        return new(kept.Artefact, name, kept.Sha256, kept.Size);
    }

    public async Task<string> WriteScratchAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        attempt.KeptScratch = true;
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        return (await artefacts.WriteOnceAsync($"scratch/{JobId}/{Epoch}/{name}", stream, cancellationToken)).Artefact;
    }

    public Task<IReadOnlyList<string>> ListScratchAsync(CancellationToken cancellationToken) => artefacts.ListScratchAsync(JobId, cancellationToken);

    public async Task<byte[]?> ReadScratchAsync(string scratchId, CancellationToken cancellationToken)
    {
        await using var stream = await artefacts.OpenReadAsync(scratchId, cancellationToken);
        if (stream is null)
            return null;
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, cancellationToken);
        return copy.ToArray();
    }
}

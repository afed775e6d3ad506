using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.TestKit.Connectors;

/// <summary>An attempt in memory. What it kept goes on in <see cref="NextAttempt"/>.</summary>
public sealed class FakeJobContext : IJobContext
{
    /// <summary>Most bytes of a checkpoint.</summary>
    public const int MaxCheckpoint = 64 * 1024;

    // Tests look while the connector reports.
    private readonly ConcurrentQueue<(double Percent, string? Message)> _progress = new();
    private readonly ConcurrentQueue<(byte[] Picture, string ContentType)> _previews = new();
    private int _answered;

    /// <summary>The first attempt of a job.</summary>
    /// <param name="payload">Its payload as JSON.</param>
    /// <param name="files">Inputs, scratch pieces and outputs; null: none yet.</param>
    /// <param name="jobId">Its id.</param>
    public FakeJobContext(string payload, FakeJobFiles? files = null, string jobId = "job-1")
        : this(JsonDocument.Parse(payload).RootElement, files ?? new FakeJobFiles(), jobId, 1, null)
    {
    }

    private FakeJobContext(JsonElement payload, FakeJobFiles files, string jobId, int attempt, byte[]? checkpoint)
    {
        Payload = payload;
        FakeFiles = files;
        JobId = jobId;
        Attempt = attempt;
        Epoch = attempt;
        SavedCheckpoint = checkpoint;
        // A bare null would become an empty memory by the conversion from arrays.
        Checkpoint = checkpoint is null ? (ReadOnlyMemory<byte>?)null : checkpoint;
        files.Folder = $"{jobId}/{Epoch}";
    }

    /// <inheritdoc/>
    public string JobId { get; }

    /// <inheritdoc/>
    public long Epoch { get; }

    /// <inheritdoc/>
    public int Attempt { get; }

    /// <inheritdoc/>
    public JsonElement Payload { get; }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte>? Checkpoint { get; }

    /// <inheritdoc/>
    public IJobFiles Files => FakeFiles;

    /// <summary>The files, to look into.</summary>
    public FakeJobFiles FakeFiles { get; }

    /// <summary>The last checkpoint that was offered, also by an earlier attempt.</summary>
    public byte[]? SavedCheckpoint { get; private set; }

    /// <summary>All progress reports of this attempt so far.</summary>
    public IReadOnlyList<(double Percent, string? Message)> Progress => [.. _progress];

    /// <inheritdoc/>
    public Submission? Adopts { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<Submission> Earlier { get; init; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<string> UsableInstances { get; init; } = [];

    /// <inheritdoc/>
    public bool LeaveRunning { get; set; }

    /// <inheritdoc/>
    public string? Worker { get; init; }

    /// <inheritdoc/>
    public string? Gpu { get; init; }

    /// <summary>The most GPU memory that was reported, MB; null: none was.</summary>
    public long? PeakGpuMemoryMb { get; private set; }

    /// <inheritdoc/>
    public void ReportGpuMemory(long peakMb) => PeakGpuMemoryMb = Math.Max(PeakGpuMemoryMb ?? 0, peakMb);

    /// <summary>Instances that were taken, in order; those in <see cref="Shut"/> cannot be.</summary>
    public List<string> Used { get; } = [];

    /// <summary>Instances whose breaker lets nobody through.</summary>
    public IReadOnlyList<string> Shut { get; init; } = [];

    /// <summary>Posts on record, in order.</summary>
    public List<Submission> Submitted { get; } = [];

    /// <summary>How many posts had their answer.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Earlier submissions that the attempt went on with.</summary>
    public List<Submission> Attached { get; } = [];

    /// <summary>How long a post may take. Default 10 s.</summary>
    public TimeSpan SubmitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the grid forbids posts.</summary>
    public bool ForbidsPosts { get; init; }

    /// <inheritdoc/>
    public bool TryUse(string instance)
    {
        Used.Add(instance);
        return !Shut.Contains(instance);
    }

    /// <inheritdoc/>
    public async Task<Submission> SubmitAsync(
        string instance, string? bootMark, Func<string, CancellationToken, Task<string?>> post, CancellationToken cancellationToken)
    {
        if (ForbidsPosts)
            throw new OperationCanceledException("The grid forbids the post.");
        cancellationToken.ThrowIfCancellationRequested();
        var record = new Submission(instance, $"{MarkOf(JobId)}-0000-0000-{Epoch:x4}-{Submitted.Count + 1:x12}", bootMark, Epoch);
        Submitted.Add(record);
        using var limit = new CancellationTokenSource(SubmitTimeout, TimeProvider.System);
        try
        {
            if (await post(record.ExternalId, limit.Token) is { } serviceId)
                Submitted[^1] = record = record with { ServiceId = serviceId };
            Interlocked.Increment(ref _answered);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException("The post was not answered.", e);
        }

        return record;
    }

    /// <summary>As the grid's own: another one for each job.</summary>
    private static string MarkOf(string jobId) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(jobId)))[..8];

    /// <inheritdoc/>
    public Task AttachAsync(Submission earlier, CancellationToken cancellationToken)
    {
        Attached.Add(earlier);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void ReportProgress(double percent, string? message = null) => _progress.Enqueue((percent, message));

    /// <summary>All unfinished pictures of this attempt so far.</summary>
    public IReadOnlyList<(byte[] Picture, string ContentType)> Previews => [.. _previews];

    /// <inheritdoc/>
    public bool PreviewsWanted { get; set; } = true;

    /// <inheritdoc/>
    public void ReportPreview(ReadOnlyMemory<byte> picture, string contentType) => _previews.Enqueue((picture.ToArray(), contentType));

    /// <inheritdoc/>
    public ValueTask SaveCheckpointAsync(ReadOnlyMemory<byte> state, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (state.Length > MaxCheckpoint)
            throw new ArgumentException($"A checkpoint has at most {MaxCheckpoint} bytes, this one {state.Length}.", nameof(state));
        SavedCheckpoint = state.ToArray();
        return ValueTask.CompletedTask;
    }

    /// <summary>The attempt after this one: the same files, a higher epoch, and the checkpoint saved last (or the one given).</summary>
    public FakeJobContext NextAttempt(byte[]? checkpoint = null) =>
        new(Payload, FakeFiles, JobId, Attempt + 1, checkpoint ?? SavedCheckpoint) { UsableInstances = UsableInstances };
}

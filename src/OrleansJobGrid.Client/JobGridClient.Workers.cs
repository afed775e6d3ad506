using System.Text.Json;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>A worker claims no more and lets its jobs end, until <see cref="ResumeWorkerAsync"/>; kept also while it is away.</summary>
    /// <param name="workerId">The worker.</param>
    /// <param name="deadline">How long its jobs may go on, 0 to 1 day; then they are handed on with their last checkpoint. Null: as long as they take.</param>
    /// <param name="reason">Why, 1 to 500 characters.</param>
    /// <param name="cancellationToken">Ends the call; whether it holds is then unknown.</param>
    /// <exception cref="JobGridException">Status 404: no such worker.</exception>
    public Task<WorkerControl> DrainWorkerAsync(string workerId, TimeSpan? deadline = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new DrainBody(deadline?.TotalSeconds, reason), EnvelopeJson.Default.DrainBody);
        return OperateAsync(HttpMethod.Post, $"api/workers/{Segment(workerId, nameof(workerId))}/drain", body, JobGridJson.Default.WorkerControl, cancellationToken);
    }

    /// <summary>A drained worker claims again.</summary>
    /// <exception cref="JobGridException">Status 404: no such worker.</exception>
    public Task<WorkerControl> ResumeWorkerAsync(string workerId, CancellationToken cancellationToken = default) =>
        OperateAsync(HttpMethod.Post, $"api/workers/{Segment(workerId, nameof(workerId))}/resume", null, JobGridJson.Default.WorkerControl, cancellationToken);

    /// <summary>Takes a worker that is gone out of the registry.</summary>
    /// <exception cref="JobGridException">Status 404: no such worker; 409: it lives.</exception>
    public Task<WorkerControl> ForgetWorkerAsync(string workerId, CancellationToken cancellationToken = default) =>
        OperateAsync(HttpMethod.Delete, $"api/workers/{Segment(workerId, nameof(workerId))}", null, JobGridJson.Default.WorkerControl, cancellationToken);

    /// <summary>A queue gives out no jobs until <see cref="ResumeQueueAsync"/>; kept, whatever ends meanwhile. What runs goes on, and no time limit stops.</summary>
    /// <param name="queue">The queue; also one that no job was in yet.</param>
    /// <param name="reason">Why, 1 to 500 characters.</param>
    /// <param name="cancellationToken">Ends the call; whether it holds is then unknown.</param>
    /// <exception cref="JobGridException">Status 400: no queue can have this name.</exception>
    public Task<QueueControl> PauseQueueAsync(string queue, string? reason = null, CancellationToken cancellationToken = default) =>
        OperateAsync(HttpMethod.Post, $"api/queues/{Segment(queue, nameof(queue))}/pause", ReasonBytes(reason), JobGridJson.Default.QueueControl, cancellationToken);

    /// <summary>A paused queue gives out jobs again; no error where it was not paused.</summary>
    /// <exception cref="JobGridException">Status 400: no queue can have this name.</exception>
    public Task<QueueControl> ResumeQueueAsync(string queue, CancellationToken cancellationToken = default) =>
        OperateAsync(HttpMethod.Post, $"api/queues/{Segment(queue, nameof(queue))}/resume", null, JobGridJson.Default.QueueControl, cancellationToken);

    /// <summary>Which worker has which model and custom node, and what waiting jobs lack.</summary>
    public Task<ModelList> GetModelsAsync(CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/models", JobGridJson.Default.ModelList, cancellationToken);

    /// <summary>What waits, by capability class.</summary>
    public Task<DemandList> GetDemandAsync(CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/demand", JobGridJson.Default.DemandList, cancellationToken);
}

/// <summary>How a worker is to drain.</summary>
internal sealed record DrainBody(double? DeadlineSeconds, string? Reason);

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>A service outside, in this process: runs what is posted as often as it is posted, until the test ends it, and can be asked.</summary>
internal sealed class OutsideService(string instance = OutsideService.DefaultInstance)
{
    public const string Service = "outside";
    public const string DefaultInstance = "outside/a";

    private readonly ConcurrentDictionary<string, Work> _work = new();
    private readonly ConcurrentQueue<(string ExternalId, string JobId)> _executions = new();
    private volatile HashSet<string> _lostTrackOf = [];

    public string Instance { get; } = instance;

    public string Boot { get; private set; } = "boot-1";

    /// <summary>No request gets through.</summary>
    public bool Away { get; set; }

    /// <summary>It tells an id of its own with each post, and knows its work by nothing else.</summary>
    public bool KnowsOwnIdsOnly { get; init; }

    /// <summary>Work that is posted completes by itself after this; null: the test completes it.</summary>
    public TimeSpan? CompletesAfter { get; set; }

    /// <summary>Each execution that began.</summary>
    public IReadOnlyList<(string ExternalId, string JobId)> Executions => [.. _executions];

    /// <summary>Work that waits or runs.</summary>
    public int Running => _work.Values.Count(w => w.State == SubmissionState.Running);

    public SubmissionState StateOf(string jobId) => _work.Values.Single(w => w.JobId == jobId).State;

    public void Complete(string jobId) => End(jobId, SubmissionState.Completed);

    public void End(string jobId, SubmissionState state)
    {
        foreach (var work in _work.Values.Where(w => w.JobId == jobId && w.State == SubmissionState.Running))
            work.State = state;
    }

    /// <summary>All that it knew is gone, as with ComfyUI's memory.</summary>
    public void Restart()
    {
        Boot = "boot-2";
        _work.Clear();
    }

    /// <summary>It has no way to tell what became of what it was given so far.</summary>
    public void LoseTrack()
    {
        _lostTrackOf = [.. _work.Keys];
        _work.Clear();
    }

    /// <returns>Its own id of the work; null: it goes by the mark.</returns>
    internal string? Post(string externalId, string jobId)
    {
        Answer();
        _executions.Enqueue((externalId, jobId));
        var key = KnowsOwnIdsOnly ? $"own-{_executions.Count}" : externalId;
        var work = _work.AddOrUpdate(key, _ => new(jobId), (_, _) => new(jobId));
        if (CompletesAfter is { } after)
            _ = Task.Delay(after, TimeProvider.System).ContinueWith(_ => work.State = work.State == SubmissionState.Running ? SubmissionState.Completed : work.State, TaskScheduler.Default);
        return KnowsOwnIdsOnly ? key : null;
    }

    internal InstanceReport Ask(IReadOnlyList<WorkMark> marks)
    {
        Answer();
        return new(Boot, marks.ToDictionary(m => m.ExternalId, m => new SubmissionReport(StateOf(m))));
    }

    internal void Cancel(WorkMark mark)
    {
        Answer();
        if (_work.TryGetValue(KeyOf(mark), out var work) && work.State == SubmissionState.Running)
            work.State = SubmissionState.Cancelled;
    }

    private string KeyOf(WorkMark mark) => KnowsOwnIdsOnly ? mark.ServiceId ?? "" : mark.ExternalId;

    private SubmissionState StateOf(WorkMark mark) =>
        _work.TryGetValue(KeyOf(mark), out var work) ? work.State : _lostTrackOf.Contains(mark.ExternalId) ? SubmissionState.Untellable : SubmissionState.Absent;

    private void Answer()
    {
        if (Away)
            throw new HttpRequestException("Connection refused (the test's service is away)");
    }

    private sealed class Work(string jobId)
    {
        public string JobId { get; } = jobId;

        public volatile SubmissionState State = SubmissionState.Running;
    }
}

/// <summary>Reaches some outside services.</summary>
internal sealed class OutsideConnector(bool onThisMachine, params OutsideService[] services) : IExternalConnector
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public OutsideConnector(params OutsideService[] services) : this(false, services) { }

    public string Service => OutsideService.Service;

    public WorkLocation Location => WorkLocation.External;

    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(10);

    public IReadOnlyList<ServiceInstance> Instances { get; } = [.. services.Select(s => new ServiceInstance(s.Instance, onThisMachine))];

    /// <summary>Contexts of all executions here.</summary>
    public ConcurrentQueue<IJobContext> Contexts { get; } = new();

    public ServiceCapabilities Capabilities => ServiceCapabilities.StatusQuery | ServiceCapabilities.Cancel | ServiceCapabilities.Attach;

    public Task<InstanceProof> ProveAsync(string instance, CancellationToken cancellationToken) =>
        Task.FromResult(new InstanceProof(Capabilities, Proved: true) { BootMark = Of(instance).Boot });

    public Task<InstanceReport> QueryAsync(string instance, IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken) =>
        Task.FromResult(Of(instance).Ask(marks));

    public Task CancelAsync(string instance, WorkMark mark, CancellationToken cancellationToken)
    {
        Of(instance).Cancel(mark);
        return Task.CompletedTask;
    }

    public async Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        Contexts.Enqueue(context);
        var submission = context.Adopts ?? await Found(context, cancellationToken);
        if (submission is null)
        {
            var instance = context.UsableInstances.Except(context.ExcludedInstances).First();
            var service = Of(instance);
            submission = await context.SubmitAsync(
                instance, service.Boot, (id, _) => Task.FromResult(service.Post(id, context.JobId)), cancellationToken);
        }

        return await Watch(context, submission, cancellationToken);
    }

    private async Task<Submission?> Found(IJobContext context, CancellationToken cancellationToken)
    {
        foreach (var earlier in context.Earlier)
        {
            if (Of(earlier.Instance).Ask([earlier.Mark]).Submissions[earlier.ExternalId].State is SubmissionState.Running or SubmissionState.Completed)
            {
                await context.AttachAsync(earlier, cancellationToken);
                return earlier;
            }
        }

        return null;
    }

    private async Task<ConnectorResult> Watch(IJobContext context, Submission submission, CancellationToken cancellationToken)
    {
        var service = Of(submission.Instance);
        while (true)
        {
            try
            {
                await Task.Delay(Poll, TimeProvider.System, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                if (!context.LeaveRunning)
                    service.Cancel(submission.Mark);
                throw;
            }

            if (service.Away)
                return ConnectorResult.Unsure("the service does not answer");
            switch (service.Ask([submission.Mark]).Submissions[submission.ExternalId].State)
            {
                case SubmissionState.Completed:
                    return ConnectorResult.Completed(JsonValue.Create("done"));
                case SubmissionState.Failed:
                    return ConnectorResult.Failed(FailureClass.Transient, "service_down", "The test says so.");
                case SubmissionState.Absent or SubmissionState.Cancelled:
                    return ConnectorResult.Unsure("the service does not know it any more");
            }
        }
    }

    private OutsideService Of(string instance) => services.Single(s => s.Instance == instance);
}

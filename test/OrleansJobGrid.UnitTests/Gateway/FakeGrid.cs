using System.Collections.Concurrent;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Gateway.Grains;

namespace OrleansJobGrid.UnitTests.Gateway;

/// <summary>A grid in memory: takes submissions as the real one does, and answers what a test has set.</summary>
internal sealed class FakeGrid : IGridGrains, IJobIngressGrain, IJobQueryGrain, IGridOperationsGrain, ISubscriptionCatalogGrain
{
    public ConcurrentDictionary<string, JobSubmission> Taken { get; } = new();

    public ConcurrentQueue<int> Calls { get; } = new();

    public ConcurrentQueue<string> Order { get; } = new();

    public ConcurrentDictionary<string, FakeJob> Jobs { get; } = new();

    /// <summary>Runs before each submission; may throw, or answer in the grid's place.</summary>
    public Func<IReadOnlyList<JobSubmission>, Task<IReadOnlyList<SubmitResult>?>>? OnSubmit { get; set; }

    public Func<JobFilter, JobPage> OnList { get; set; } = _ => new JobPage([], null);

    public Func<string, IReadOnlyList<JobEventView>?> OnEvents { get; set; } = _ => null;

    public Func<GridMetrics> OnMetrics { get; set; } = () => new GridMetrics();

    public Func<Task<GridHealth>> OnHealth { get; set; } = () => Task.FromResult(new GridHealth("ok", [], new StoreHealth("sqlite", "./data", "kill -9", [])));

    public IReadOnlyList<WorkerView> WorkerList { get; set; } = [];

    public IReadOnlyList<QueueSummary> QueueList { get; set; } = [];

    public IReadOnlyList<ModelView> ModelList { get; set; } = [];

    public IReadOnlyList<DemandView> DemandList { get; set; } = [];

    public Func<string, JobWhy?> OnWhy { get; set; } = _ => null;

    /// <summary>The answer to every request about a worker.</summary>
    public WorkerControlAnswer WorkerAnswer { get; set; } = new(true, true, "done");

    /// <summary>Requests about workers that came, in words.</summary>
    public ConcurrentQueue<string> WorkerRequests { get; } = new();

    /// <summary>Requests about queues that came, in words.</summary>
    public ConcurrentQueue<string> QueueRequests { get; } = new();

    public IJobIngressGrain Ingress() => this;

    public IJobQueryGrain Query() => this;

    public IJobGrain Job(string jobId) => Jobs.GetOrAdd(jobId, _ => new FakeJob());

    public IGridOperationsGrain Operations() => this;

    public ISagaGrain Saga(string sagaId) => throw new NotSupportedException();

    public ISagaCatalogGrain Sagas() => throw new NotSupportedException();

    public ISubscriptionCatalogGrain Subscriptions() => this;

    public IStateReconcilerGrain Reconciler() => throw new NotSupportedException();

    public ISubscriptionGrain Subscription(string name) => throw new NotSupportedException();

    public IReadOnlyList<SubscriptionView> SubscriptionList { get; set; } = [];

    public Task<IReadOnlyList<SubscriptionView>> List() => Task.FromResult(SubscriptionList);

    public Task<SubscriptionAnswer> Put(SubscriptionSpec spec) => throw new NotSupportedException();

    public Task<bool> Delete(string name) => throw new NotSupportedException();

    public Task Poke() => throw new NotSupportedException();

    public async Task<IReadOnlyList<SubmitResult>> Submit(Immutable<IReadOnlyList<JobSubmission>> submissions)
    {
        Calls.Enqueue(submissions.Value.Count);
        if (OnSubmit is not null && await OnSubmit(submissions.Value) is { } answers)
            return answers;
        return [.. submissions.Value.Select(Take)];
    }

    public Task<JobView?> Get(string jobId) => Task.FromResult(Jobs.TryGetValue(jobId, out var job) ? job.Current : null);

    public Task<IReadOnlyList<JobEventView>?> Events(string jobId) => Task.FromResult(OnEvents(jobId));

    public Task<JobPage> List(JobFilter filter) => Task.FromResult(OnList(filter));

    public Task<GridMetrics> Metrics() => Task.FromResult(OnMetrics());

    public Task<IReadOnlyList<WorkerView>> Workers() => Task.FromResult(WorkerList);

    public Task<IReadOnlyList<string>> QueueNames() => throw new NotSupportedException();

    public Task<IReadOnlyList<QueueSummary>> Queues() => Task.FromResult(QueueList);

    public Task<QueueControlAnswer> PauseQueue(string queue, string reason)
    {
        QueueRequests.Enqueue($"pause {queue} {reason}");
        return Task.FromResult(new QueueControlAnswer(new(1_750_000_000_000, reason), $"{queue} is paused"));
    }

    public Task<QueueControlAnswer> ResumeQueue(string queue)
    {
        QueueRequests.Enqueue($"resume {queue}");
        return Task.FromResult(new QueueControlAnswer(null, $"{queue} goes on"));
    }

    public Task<GridHealth> Health() => OnHealth();

    public Task<JobWhy?> Why(string jobId) => Task.FromResult(OnWhy(jobId));

    public Task<WorkerControlAnswer> Drain(string workerId, TimeSpan? budget, string reason) => Control($"drain {workerId} {budget?.TotalSeconds} {reason}");

    public Task<WorkerControlAnswer> Resume(string workerId) => Control($"resume {workerId}");

    public Task<WorkerControlAnswer> Forget(string workerId) => Control($"forget {workerId}");

    public Task<IReadOnlyList<ModelView>> Models() => Task.FromResult(ModelList);

    public Task<IReadOnlyList<DemandView>> Demand() => Task.FromResult(DemandList);

    private Task<WorkerControlAnswer> Control(string request)
    {
        WorkerRequests.Enqueue(request);
        return Task.FromResult(WorkerAnswer);
    }

    private SubmitResult Take(JobSubmission job)
    {
        var kept = Taken.GetOrAdd(job.Id, job);
        if (ReferenceEquals(kept, job))
        {
            Order.Enqueue(job.Id);
            return new SubmitResult(job.Id, SubmitOutcome.Created);
        }

        return new SubmitResult(job.Id, kept.BodyHash == job.BodyHash ? SubmitOutcome.Replayed : SubmitOutcome.Conflict);
    }
}

/// <summary>A job whose changes a test makes by hand; watches wake as in the grid.</summary>
internal sealed class FakeJob : IJobGrain
{
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public JobView? Current { get; private set; }

    /// <summary>The answer to every request about the job.</summary>
    public ControlAnswer Answer { get; set; } = new(false, false, default, "");

    /// <summary>Requests that came, in words.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>What the next request throws.</summary>
    public Exception? ControlFault { get; set; }

    /// <summary>Exceptions that the next watches throw.</summary>
    public ConcurrentQueue<Exception> WatchFaults { get; } = new();

    public void Set(JobView? job)
    {
        Current = job;
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public async Task<JobView?> Watch(long seenVersion, long seenProgress, TimeSpan wait, long? seenPreview = null)
    {
        if (WatchFaults.TryDequeue(out var fault))
            throw fault;
        var changed = _changed.Task;
        if (Current is { } job && job.Version == seenVersion && job.ProgressNumber == seenProgress && (seenPreview ?? job.PreviewNumber) == job.PreviewNumber)
            await Task.WhenAny(changed, Task.Delay(wait, TimeProvider.System));
        return seenPreview is { } seen && seen != Current?.PreviewNumber ? Current : Current is null ? null : Current with { Preview = null };
    }

    public Task<ControlAnswer> Cancel(string reason) => Ask($"cancel: {reason}");

    public Task<ControlAnswer> Pause(string reason) => Ask($"pause: {reason}");

    public Task<ControlAnswer> Resume(string reason) => Ask($"resume: {reason}");

    public Task<ControlAnswer> Retry(string reason) => Ask($"retry: {reason}");

    public Task<ControlAnswer> Resolve(Resolution resolution, string reason, byte[]? result) =>
        Ask($"resolve {resolution}: {reason} {(result is null ? "-" : System.Text.Encoding.UTF8.GetString(result))}");

    public Task<ControlAnswer> Purge() => Ask("purge");

    public Task<StartAnswer> TryStart(StartRequest request) => throw new NotSupportedException();

    public Task<ReportOutcome> Begin(GrantToken token) => throw new NotSupportedException();

    public Task<ProgressAnswer> Progress(GrantToken token, double percent, string? message) => throw new NotSupportedException();

    public Task Preview(GrantToken token, JobPreview preview) => throw new NotSupportedException();

    public Task<ReportOutcome> Checkpoint(GrantToken token, Immutable<byte[]> state) => throw new NotSupportedException();

    public Task<ReportOutcome> Complete(GrantToken token, CompletionReport report) => throw new NotSupportedException();

    public Task<ReportOutcome> Fail(GrantToken token, FailureReport report) => throw new NotSupportedException();

    public Task<ReportOutcome> Stopped(GrantToken token, StopReason reason) => throw new NotSupportedException();

    public Task<ReportOutcome> Submit(GrantToken token, ServiceSubmission submission) => throw new NotSupportedException();

    public Task<ReportOutcome> Named(GrantToken token, string externalId, string serviceId) => throw new NotSupportedException();

    public Task<ReportOutcome> Attach(GrantToken token, string externalId) => throw new NotSupportedException();

    public Task<Directive> DirectiveFor(GrantToken token) => throw new NotSupportedException();

    public Task SessionEnded(SessionEnd end) => throw new NotSupportedException();

    public Task Judge(Verdict verdict) => throw new NotSupportedException();

    public Task OnDue() => throw new NotSupportedException();

    private Task<ControlAnswer> Ask(string request)
    {
        Asked.Enqueue(request);
        return ControlFault is { } fault ? Task.FromException<ControlAnswer>(fault) : Task.FromResult(Answer);
    }
}

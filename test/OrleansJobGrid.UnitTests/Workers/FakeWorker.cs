using System.Collections.Concurrent;
using System.Threading.Channels;
using Orleans.Concurrency;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Execution;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>A worker's grain: gives what the test puts into it, and notes what the worker says.</summary>
internal sealed class FakeWorker : IWorkerGrain
{
    private readonly Channel<WorkerOrders> _orders = Channel.CreateUnbounded<WorkerOrders>();
    private readonly ConcurrentQueue<JobGrant> _grants = new();

    public ConcurrentQueue<Heartbeat> Heartbeats { get; } = [];

    public ConcurrentQueue<ClaimRequest> Claims { get; } = [];

    public ConcurrentQueue<AttemptReport> Reports { get; } = [];

    public ConcurrentQueue<ServiceAnswer> Answers { get; } = [];

    /// <summary>The answer to a heartbeat; throws to break the call.</summary>
    public Func<HeartbeatAnswer> Beat { get; set; } = () => new(8_000, false, []);

    /// <summary>In place of the grants that the test put in: the answer to a claim.</summary>
    public Func<ClaimRequest, Task<ClaimAnswer>>? OnClaim { get; set; }

    /// <summary>Claims that its queues were told to forget.</summary>
    public ConcurrentQueue<Guid> Forgotten { get; } = [];

    public bool Left => !Leaves.IsEmpty;

    /// <summary>Sessions that said farewell.</summary>
    public ConcurrentQueue<string> Leaves { get; } = [];

    public void Order(WorkerOrders orders) => _orders.Writer.TryWrite(orders);

    public void Grant(JobGrant grant) => _grants.Enqueue(grant);

    public async Task<HeartbeatAnswer> Heartbeat(Heartbeat heartbeat)
    {
        Heartbeats.Enqueue(heartbeat);
        await Task.CompletedTask;
        return Beat();
    }

    public async Task<ClaimAnswer> Claim(string queue, ClaimRequest request)
    {
        Claims.Enqueue(request);
        if (OnClaim is { } answer)
            return await answer(request);
        // A long poll that ends soon, by no clock of the test.
        await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        return _grants.TryDequeue(out var grant) ? new([grant]) : ClaimAnswer.None;
    }

    /// <summary>In place of accepting all: the answer to reports and the claim beside them.</summary>
    public Func<IReadOnlyList<AttemptReport>, ClaimRequest?, Task<AttemptAnswers>>? OnReport { get; set; }

    public Task<AttemptAnswers> Report(IReadOnlyList<AttemptReport> reports, string? claimQueue, ClaimRequest? claim)
    {
        foreach (var report in reports)
            Reports.Enqueue(report);
        if (OnReport is { } answer)
            return answer(reports, claim);
        return Task.FromResult(new AttemptAnswers([.. reports.Select(_ => new AttemptAnswer(ReportOutcome.Accepted))], []));
    }

    public async Task<WorkerOrders> NextOrders(string sessionId, TimeSpan wait) => await _orders.Reader.ReadAsync();

    public Task Stop(string sessionId, StopOrder order) => throw new NotSupportedException();

    public Task Adopt(string sessionId, JobGrant grant) => throw new NotSupportedException();

    public Task<ServiceAnswer> Ask(string sessionId, ServiceQuery query) => throw new NotSupportedException();

    public Task Answer(string sessionId, ServiceAnswer answer)
    {
        Answers.Enqueue(answer);
        return Task.CompletedTask;
    }

    public Task RegistrationChanged() => throw new NotSupportedException();

    public Task Leave(string sessionId)
    {
        Leaves.Enqueue(sessionId);
        return Task.CompletedTask;
    }
}

/// <summary>A queue whose claims end when they are told to.</summary>
internal sealed class FakeQueue(FakeWorker? worker) : IPriorityQueueGrain
{
    public Task Forget(Guid claimId)
    {
        worker?.Forgotten.Enqueue(claimId);
        return Task.CompletedTask;
    }

    public Task<ReservedJobs> Reserve(ClaimRequest request) => throw new NotSupportedException();

    public Task<IReadOnlyList<ReservedJobs>> ReserveNow(Immutable<IReadOnlyList<ClaimRequest>> claims) => throw new NotSupportedException();

    public Task Settle(Immutable<IReadOnlyList<Settlement>> settlements) => throw new NotSupportedException();

    public Task Ended(Immutable<IReadOnlyList<EndedHint>> hints) => throw new NotSupportedException();

    public Task<long> Queued(string customer) => throw new NotSupportedException();

    public Task<QueueWait?> Wait(string jobId) => throw new NotSupportedException();

    public Task<IReadOnlyList<BucketDemand>> Demand() => throw new NotSupportedException();

    public Task Hint(Immutable<IReadOnlyList<ReadyHint>> hints) => throw new NotSupportedException();

    public Task<QueueView> Describe() => throw new NotSupportedException();

    public Task<long?> Position(string jobId) => throw new NotSupportedException();

    public Task PauseChanged() => throw new NotSupportedException();
}

/// <summary>A connector of work outside, whose every part the test writes.</summary>
internal sealed class FakeExternalConnector(params string[] instances) : IExternalConnector
{
    public string Service => "outside";

    public WorkLocation Location => WorkLocation.External;

    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(1);

    public TimeSpan? DefaultStallTimeout { get; init; }

    public TimeSpan SubmitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public IReadOnlyList<ServiceInstance> Instances { get; } = [.. instances.Select(i => new ServiceInstance(i, OnThisMachine: i.EndsWith("here", StringComparison.Ordinal)))];

    public Func<IJobContext, CancellationToken, Task<ConnectorResult>> Execute { get; set; } = UntilCancelled;

    public Func<string, IReadOnlyList<string>, CancellationToken, Task<InstanceReport>> Query { get; set; } = (_, ids, _) =>
        Task.FromResult(new InstanceReport("boot-1", ids.ToDictionary(id => id, _ => new SubmissionReport(SubmissionState.Running))));

    public ConcurrentQueue<string> Cancelled { get; } = [];

    public Exception? CancelFault { get; set; }

    public ConcurrentQueue<IJobContext> Contexts { get; } = [];

    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        Contexts.Enqueue(context);
        return Execute(context, cancellationToken);
    }

    public ServiceCapabilities Capabilities => ServiceCapabilities.StatusQuery | ServiceCapabilities.Cancel | ServiceCapabilities.Attach;

    /// <summary>What a question about it is answered with.</summary>
    public Func<string, Task<InstanceProof>> Proof { get; set; } = _ => Task.FromResult(new InstanceProof(ServiceCapabilities.StatusQuery, Proved: true));

    public Task<InstanceProof> ProveAsync(string instance, CancellationToken cancellationToken) => Proof(instance);

    public Task<InstanceReport> QueryAsync(string instance, IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken) =>
        Query(instance, [.. marks.Select(m => m.ExternalId)], cancellationToken);

    public Task CancelAsync(string instance, WorkMark mark, CancellationToken cancellationToken)
    {
        Cancelled.Enqueue(mark.ExternalId);
        return CancelFault is { } fault ? Task.FromException(fault) : Task.CompletedTask;
    }

    /// <summary>Runs until it is cancelled.</summary>
    public static async Task<ConnectorResult> UntilCancelled(IJobContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return ConnectorResult.Completed(null);
    }

    /// <summary>A grant of one of its jobs.</summary>
    public JobGrant Grant(string jobId = "job-1", long epoch = 1) =>
        new() { JobId = jobId, Token = new(epoch, Guid.NewGuid()), Attempt = 1, Service = Service, Payload = "{}"u8.ToArray() };

    public Attempt Attempt(JobGrant? grant = null, SessionLease? lease = null, long receivedAt = 0) => new(grant ?? Grant(), this, receivedAt, lease);
}

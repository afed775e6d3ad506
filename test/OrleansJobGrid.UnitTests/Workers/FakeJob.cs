using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>A job's grain as a worker hears it: notes each word and answers as told.</summary>
internal sealed class FakeJob : IJobGrain
{
    public ConcurrentQueue<string> Words { get; } = [];

    /// <summary>The records of posts.</summary>
    public ConcurrentQueue<ServiceSubmission> Submissions { get; } = [];

    /// <summary>The answer to a word; throws to break the call.</summary>
    public Func<string, ReportOutcome> Answer { get; set; } = _ => ReportOutcome.Accepted;

    public Task<ReportOutcome> Begin(GrantToken token) => Say("begin");

    public async Task<ProgressAnswer> Progress(GrantToken token, double percent, string? message) =>
        new(await Say($"progress {percent} {message}".TrimEnd()), PreviewsWanted);

    /// <summary>Whether somebody watches unfinished pictures.</summary>
    public bool PreviewsWanted { get; set; }

    public Task Preview(GrantToken token, JobPreview preview) => Say($"preview {preview.ContentType} {preview.Content.Length}");

    public Task<ReportOutcome> Checkpoint(GrantToken token, Immutable<byte[]> state) => Say($"checkpoint {string.Join(',', state.Value)}");

    public Task<ReportOutcome> Submit(GrantToken token, ServiceSubmission submission)
    {
        Submissions.Enqueue(submission);
        return Say($"submit {submission.N} {submission.Instance}");
    }

    public Task<ReportOutcome> Named(GrantToken token, string externalId, string serviceId) => Say($"named {externalId} {serviceId}");

    public Task<ReportOutcome> Attach(GrantToken token, string externalId) => Say($"attach {externalId}");

    public Task<StartAnswer> TryStart(StartRequest request) => throw new NotSupportedException();

    public Task<ReportOutcome> Complete(GrantToken token, CompletionReport report) => throw new NotSupportedException();

    public Task<ReportOutcome> Fail(GrantToken token, FailureReport report) => throw new NotSupportedException();

    public Task<ReportOutcome> Stopped(GrantToken token, StopReason reason) => throw new NotSupportedException();

    public Task<Directive> DirectiveFor(GrantToken token) => throw new NotSupportedException();

    public Task SessionEnded(SessionEnd end) => throw new NotSupportedException();

    public Task Judge(Verdict verdict) => throw new NotSupportedException();

    public Task OnDue() => throw new NotSupportedException();

    public Task<ControlAnswer> Cancel(string reason) => throw new NotSupportedException();

    public Task<ControlAnswer> Pause(string reason) => throw new NotSupportedException();

    public Task<ControlAnswer> Resume(string reason) => throw new NotSupportedException();

    public Task<ControlAnswer> Retry(string reason) => throw new NotSupportedException();

    public Task<ControlAnswer> Resolve(Resolution resolution, string reason, byte[]? result) => throw new NotSupportedException();

    public Task<ControlAnswer> Purge() => throw new NotSupportedException();

    public Task<JobView?> Watch(long seenVersion, long seenProgress, TimeSpan wait, long? seenPreview = null) => throw new NotSupportedException();

    /// <summary>By the built-in rules.</summary>
    internal static FailureReporting Failures { get; } = new(FailureClassifier.Default);

    internal static InstanceBreakers Breakers(TimeProvider time) => new(Options.Create(new WorkerOptions()), time, NullLogger<InstanceBreakers>.Instance);

    private async Task<ReportOutcome> Say(string word)
    {
        Words.Enqueue(word);
        // Asynchronous by form only, so that a fault is the task's and not the caller's.
        await Task.CompletedTask;
        return Answer(word);
    }
}

/// <summary>A grain factory that knows jobs and one worker, and queues that are empty.</summary>
public class FakeGrains : DispatchProxy
{
    private readonly ConcurrentDictionary<string, FakeJob> _jobs = new();
    private FakeWorker? _worker;

    internal static (IGrainFactory Factory, Func<string, FakeJob> Job) Make(FakeWorker? worker = null)
    {
        var factory = Create<IGrainFactory, FakeGrains>();
        var grains = (FakeGrains)(object)factory;
        grains._worker = worker;
        return (factory, id => grains._jobs.GetOrAdd(id, _ => new FakeJob()));
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod is not { Name: nameof(IGrainFactory.GetGrain) } || args is not [GrainId { } id, GrainInterfaceType { } asked])
            throw new NotSupportedException($"{targetMethod}");
        return asked.ToString() switch
        {
            "jobgrid.job" => _jobs.GetOrAdd(id.Key.ToString()!, _ => new FakeJob()),
            "jobgrid.worker" when _worker is not null => _worker,
            "jobgrid.queue" => new FakeQueue(_worker),
            _ => throw new NotSupportedException($"{targetMethod} of {asked}"),
        };
    }
}

/// <summary>A connector of one line.</summary>
internal sealed class FakeConnector(
    Func<IJobContext, CancellationToken, Task<ConnectorResult>>? execute = null, WorkLocation location = WorkLocation.InProcess) : IConnector
{
    public string Service { get; init; } = "fake";

    public WorkLocation Location => location;

    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(1);

    public IReadOnlyCollection<string> Secrets { get; init; } = [];

    public bool Ran { get; private set; }

    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        Ran = true;
        return execute!(context, cancellationToken);
    }

    public Attempt Attempt(string jobId = "job-1", long receivedAt = 0, long? stallMs = null) => new(
        new() { StallTimeoutMs = stallMs, JobId = jobId, Token = new(1, Guid.NewGuid()), Attempt = 1, Service = Service, Payload = "{\"n\":3}"u8.ToArray() }, this, receivedAt);
}

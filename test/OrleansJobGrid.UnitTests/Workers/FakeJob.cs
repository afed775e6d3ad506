using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Concurrency;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Workers.Execution;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>A job's grain as a worker hears it: notes each word and answers as told.</summary>
internal sealed class FakeJob : IJobGrain
{
    public ConcurrentQueue<string> Words { get; } = [];

    /// <summary>The answer to a word; throws to break the call.</summary>
    public Func<string, ReportOutcome> Answer { get; set; } = _ => ReportOutcome.Accepted;

    public Task<ReportOutcome> Begin(GrantToken token) => Say("begin");

    public Task<ReportOutcome> Progress(GrantToken token, double percent, string? message) => Say($"progress {percent} {message}".TrimEnd());

    public Task<ReportOutcome> Checkpoint(GrantToken token, Immutable<byte[]> state) => Say($"checkpoint {string.Join(',', state.Value)}");

    public Task<StartAnswer> TryStart(StartRequest request) => throw new NotSupportedException();

    public Task<ReportOutcome> Complete(GrantToken token, CompletionReport report) => throw new NotSupportedException();

    public Task<ReportOutcome> Fail(GrantToken token, FailureReport report) => throw new NotSupportedException();

    public Task<ReportOutcome> Stopped(GrantToken token, StopReason reason) => throw new NotSupportedException();

    public Task SessionEnded(string sessionId, string reason) => throw new NotSupportedException();

    public Task OnDue() => throw new NotSupportedException();

    public Task<ControlAnswer> Cancel(string reason) => throw new NotSupportedException();

    public Task<JobView?> Watch(long seenVersion, long seenProgress, TimeSpan wait) => throw new NotSupportedException();

    private async Task<ReportOutcome> Say(string word)
    {
        Words.Enqueue(word);
        // Asynchronous by form only, so that a fault is the task's and not the caller's.
        await Task.CompletedTask;
        return Answer(word);
    }
}

/// <summary>A grain factory that knows jobs and nothing else.</summary>
public class FakeGrains : DispatchProxy
{
    private readonly ConcurrentDictionary<string, FakeJob> _jobs = new();

    internal static (IGrainFactory Factory, Func<string, FakeJob> Job) Make()
    {
        var factory = Create<IGrainFactory, FakeGrains>();
        return (factory, id => ((FakeGrains)(object)factory)._jobs.GetOrAdd(id, _ => new FakeJob()));
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod is { Name: nameof(IGrainFactory.GetGrain) } && args is [GrainId { } id, GrainInterfaceType { } asked]
            && asked == GrainInterfaceType.Create("jobgrid.job")
            ? _jobs.GetOrAdd(id.Key.ToString()!, _ => new FakeJob())
            : throw new NotSupportedException($"{targetMethod}");
}

/// <summary>A connector of one line.</summary>
internal sealed class FakeConnector(
    Func<IJobContext, CancellationToken, Task<ConnectorResult>>? execute = null, WorkLocation location = WorkLocation.InProcess) : IConnector
{
    public string Service => "fake";

    public WorkLocation Location => location;

    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(1);

    public bool Ran { get; private set; }

    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        Ran = true;
        return execute!(context, cancellationToken);
    }

    public Attempt Attempt(string jobId = "job-1", long receivedAt = 0) => new(
        new() { JobId = jobId, Token = new(1, Guid.NewGuid()), Attempt = 1, Service = Service, Payload = "{\"n\":3}"u8.ToArray() }, this, receivedAt);
}

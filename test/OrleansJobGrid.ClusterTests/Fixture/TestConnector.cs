using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>A connector whose executions the test ends one by one, or by a script.</summary>
internal sealed class TestConnector(string service = TestConnector.DefaultService, Func<Execution, Task<ConnectorResult>>? script = null) : IConnector
{
    public const string DefaultService = "test";

    private readonly ConcurrentQueue<Execution> _executions = new();
    private readonly Channel<Execution> _started = Channel.CreateUnbounded<Execution>();

    public string Service { get; } = service;

    public WorkLocation Location { get; init; } = WorkLocation.InProcess;

    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(10);

    /// <summary>Executions in the order of their start.</summary>
    public IReadOnlyList<Execution> Executions => [.. _executions];

    /// <summary>Completes everything at once.</summary>
    public static TestConnector Completing(string service = DefaultService) => new(service, _ => Task.FromResult(Done()));

    public static ConnectorResult Done() => ConnectorResult.Completed(JsonValue.Create("done"));

    /// <summary>The next execution that starts and was not yet given to the test.</summary>
    public Task<Execution> NextAsync(string phase, TimeSpan? within = null) => _started.Reader.ReadAsync().AsTask().Within(phase, within);

    public async Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        var execution = new Execution(context, cancellationToken);
        _executions.Enqueue(execution);
        _started.Writer.TryWrite(execution);
        return script is null ? await execution.Ended() : await script(execution);
    }
}

/// <summary>One run of an attempt, ended by the test.</summary>
internal sealed class Execution
{
    private readonly TaskCompletionSource<ConnectorResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Execution(IJobContext context, CancellationToken cancellationToken)
    {
        Context = context;
        StartedAt = TimeProvider.System.GetTimestamp();
        cancellationToken.Register(() =>
        {
            _cancelled.TrySetResult();
            if (!IgnoresCancellation)
                _result.TrySetCanceled(cancellationToken);
        });
    }

    public IJobContext Context { get; }

    public string JobId => Context.JobId;

    /// <summary>Timestamp of the start.</summary>
    public long StartedAt { get; }

    /// <summary>Set by a test whose connector is to be deaf.</summary>
    public bool IgnoresCancellation { get; set; }

    /// <summary>Ends when the worker asks for the end.</summary>
    public Task Cancelled => _cancelled.Task;

    public Task<ConnectorResult> Ended() => _result.Task;

    public void Complete() => _result.TrySetResult(TestConnector.Done());

    public void Fail(FailureClass failureClass) => _result.TrySetResult(ConnectorResult.Failed(failureClass, "test_failure", "The test says so."));
}

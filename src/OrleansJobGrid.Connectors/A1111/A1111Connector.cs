using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.A1111;

/// <summary>
/// Pictures by AUTOMATIC1111 and Forge (<c>docs/a1111.md</c>). A job's pictures come with the answer to its request alone: the work of a worker that
/// died is waited for, as far as the server tells of it, and what becomes of its job is decided by <c>on_unknown</c>.
/// </summary>
public sealed class A1111Connector : IExternalConnector, IDisposable
{
    /// <summary>The service's name.</summary>
    public const string ServiceName = "a1111";

    private readonly A1111Options _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, A1111Instance> _instances;
    private readonly Turns _turns = new();

    /// <summary>Makes the connector.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="time">The clock of its waits.</param>
    /// <exception cref="ArgumentException">A setting is wrong; the message names all of them.</exception>
    public A1111Connector(A1111Options options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var errors = A1111OptionsCheck.Errors(options);
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(" ", errors), nameof(options));
        (_options, _time) = (options, time);
        Instances = [.. options.Instances.Keys.Select(i => new ServiceInstance($"{ServiceName}/{i}", options.OnThisMachine.Contains(i)))];
        _instances = options.Instances.ToDictionary(i => $"{ServiceName}/{i.Key}", i => InstanceOf(i.Key, i.Value), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Service => ServiceName;

    /// <inheritdoc/>
    public WorkLocation Location => WorkLocation.External;

    /// <inheritdoc/>
    public TimeSpan DefaultAttemptTimeout => _options.AttemptTimeout;

    /// <inheritdoc/>
    public TimeSpan? DefaultStallTimeout => _options.StallTimeout;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Secrets => [.. _options.Headers.Values.SelectMany(h => h.Values)];

    /// <inheritdoc/>
    public TimeSpan SubmitTimeout => _options.SubmitTimeout;

    /// <inheritdoc/>
    public ServiceCapabilities Capabilities =>
        ServiceCapabilities.Cancel | ServiceCapabilities.Progress | ServiceCapabilities.Previews | ServiceCapabilities.QueueIntrospection | ServiceCapabilities.ModelList | ServiceCapabilities.FreeMemory;

    /// <inheritdoc/>
    public IReadOnlyList<ServiceInstance> Instances { get; }

    /// <inheritdoc/>
    public async Task<InstanceProof> ProveAsync(string instance, CancellationToken cancellationToken)
    {
        var server = At(instance);
        server.Forget();
        var facts = await server.Facts(cancellationToken);
        await server.Now(cancellationToken);
        var lacks = facts.KnowsTasks ? ServiceCapabilities.None
            : _options.Exclusive ? ServiceCapabilities.QueueIntrospection | ServiceCapabilities.Previews
            : ServiceCapabilities.QueueIntrospection | ServiceCapabilities.Previews | ServiceCapabilities.Cancel | ServiceCapabilities.Progress;
        return new(Capabilities & ~lacks, Proved: true) { Models = [.. facts.Models.Select(m => m.Name ?? m.Title)] };
    }

    /// <inheritdoc/>
    public async Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return await new A1111Execution(_instances, context, _turns, _options, _time).Run(cancellationToken);
        }
        catch (InvalidPayloadException e)
        {
            return ConnectorResult.Failed(FailureClass.Malformed, Failures.FailureReason.InvalidPayload, e.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<InstanceReport> QueryAsync(string instance, IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(marks);
        var server = At(instance);
        var found = new Dictionary<string, SubmissionReport>(StringComparer.Ordinal);
        foreach (var mark in marks)
            found[mark.ExternalId] = new(await StateOf(server, mark.ExternalId, cancellationToken));
        return new(null, found);
    }

    /// <inheritdoc/>
    public async Task CancelAsync(string instance, WorkMark mark, CancellationToken cancellationToken)
    {
        var server = At(instance);
        if ((await server.Facts(cancellationToken)).KnowsTasks)
            await Stop(server, mark.ExternalId, _options.PollInterval, _time, cancellationToken);
        else if (_options.Exclusive)
            await StopWhatRuns(server, _options.PollInterval, _time, cancellationToken);
        else
            throw new InvalidOperationException($"'{instance}' does not tell whose work it does, so nothing is interrupted there.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var instance in _instances.Values)
            instance.Dispose();
    }

    /// <summary>
    /// Running while it surely lives; else nobody can tell: a completed task's pictures are gone with its connection, and a failed one, one that never
    /// came and one from before a restart look the same.
    /// </summary>
    internal static async Task<SubmissionState> StateOf(A1111Instance server, string mark, CancellationToken cancellationToken)
    {
        if (!(await server.Facts(cancellationToken)).KnowsTasks)
            return SubmissionState.Untellable;
        var task = await server.Task(mark, null, cancellationToken);
        if (!task.IsLive)
            return SubmissionState.Untellable;
        // A failed task stays active until another one begins; the server as a whole knows that nothing runs.
        return task.Queued || (await server.Now(cancellationToken)).Busy ? SubmissionState.Running : SubmissionState.Untellable;
    }

    /// <summary>
    /// Interrupts a task, and ends when it lives no more. The server interrupts whichever runs, so it is asked right before whether that is ours; what
    /// waits cannot be taken out of its queue, and is interrupted when its turn comes.
    /// </summary>
    internal static async Task Stop(A1111Instance server, string mark, TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var task = await server.Task(mark, null, cancellationToken);
            if (task is { Active: true, Queued: false } && (await server.Now(cancellationToken)).Busy && (await server.Task(mark, null, cancellationToken)).Active)
                await server.Interrupt(cancellationToken);
            if (await StateOf(server, mark, cancellationToken) != SubmissionState.Running)
                return;
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <summary>Interrupts whatever runs, where nobody else's can, and ends when nothing runs.</summary>
    internal static async Task StopWhatRuns(A1111Instance server, TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        while ((await server.Now(cancellationToken)).Busy)
        {
            await server.Interrupt(cancellationToken);
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private A1111Instance At(string instance) =>
        _instances.GetValueOrDefault(instance) ?? throw new ArgumentException($"'{ServiceName}' has no instance '{instance}' on this worker.", nameof(instance));

    private A1111Instance InstanceOf(string name, string address) => new(
        $"{ServiceName}/{name}",
        new Uri(address),
        _options,
        (_options.Headers.TryGetValue(name, out var headers) ? headers : new Dictionary<string, string>()).AsReadOnly(),
        _time);
}

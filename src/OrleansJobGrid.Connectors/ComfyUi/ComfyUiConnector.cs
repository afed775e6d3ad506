using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// Runs workflows on ComfyUI servers of any version since 2023 (<c>docs/comfyui.md</c>). Each prompt bears the grid's mark, so that it is found,
/// taken over and stopped when its worker has died, and is never posted twice where the server can be asked.
/// </summary>
public sealed class ComfyUiConnector : IExternalConnector, IDisposable, IAsyncDisposable
{
    /// <summary>The service's name.</summary>
    public const string ServiceName = "comfyui";

    private readonly ComfyUiOptions _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, ComfyInstance> _instances;
    private readonly OutsideService<ComfyWork> _outside;

    /// <summary>Makes the connector.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="time">The clock of its waits.</param>
    /// <exception cref="ArgumentException">A setting is wrong; the message names all of them.</exception>
    public ComfyUiConnector(ComfyUiOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var errors = ComfyUiOptionsCheck.Errors(options);
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(" ", errors), nameof(options));
        (_options, _time) = (options, time);
        Instances = [.. options.Instances.Keys.Select(i => new ServiceInstance($"{ServiceName}/{i}", options.OnThisMachine.Contains(i)))];
        _instances = options.Instances.ToDictionary(i => $"{ServiceName}/{i.Key}", i => InstanceOf(i.Key, i.Value), StringComparer.Ordinal);
        _outside = new(ServiceName, _instances.ToDictionary(i => i.Key, IOutsideInstance<ComfyWork> (i) => i.Value));
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
    public ServiceCapabilities Capabilities => ComfyInstance.All;

    /// <inheritdoc/>
    public IReadOnlyList<ServiceInstance> Instances { get; }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var instance in _instances.Values)
            instance.Supervisor?.Begin();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            ComfyPayload.Parse(context.Payload);
        }
        catch (InvalidPayloadException e)
        {
            return ConnectorResult.Failed(FailureClass.Malformed, FailureReason.InvalidWorkflow, e.Message);
        }

        return await new OutsideExecution<ComfyWork>(_outside, context, _options.Outage, _time).Run(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<InstanceProof> ProveAsync(string instance, CancellationToken cancellationToken) => _outside.At(instance).Prove(cancellationToken);

    /// <inheritdoc/>
    public Task<InstanceReport> QueryAsync(string instance, IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(marks);
        return _outside.Query(instance, marks, cancellationToken);
    }

    /// <inheritdoc/>
    public Task CancelAsync(string instance, WorkMark mark, CancellationToken cancellationToken) =>
        _outside.At(instance).Cancel(mark, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var instance in _instances.Values)
            await instance.DisposeAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private ComfyInstance InstanceOf(string name, string address) => new(
        $"{ServiceName}/{name}",
        new Uri(address),
        _options,
        (_options.Headers.TryGetValue(name, out var headers) ? headers : new Dictionary<string, string>()).AsReadOnly(),
        _options.Supervise.TryGetValue(name, out var supervised) ? supervised : null,
        _time);
}

using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Rest;

/// <summary>
/// A service outside that speaks the grid's own small protocol over HTTP (<c>docs/rest.md</c>): jobs are posted under the grid's mark, can be
/// asked about and stopped by it, and go on when the worker dies.
/// </summary>
public sealed class RestConnector : IExternalConnector, IDisposable
{
    private readonly RestServiceOptions _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, RestInstance> _instances;
    private readonly OutsideService<RestState> _outside;

    /// <summary>Makes the connector of one service.</summary>
    /// <param name="service">Its name.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="time">The clock of its waits.</param>
    /// <exception cref="ArgumentException">A setting is wrong; the message names all of them.</exception>
    public RestConnector(string service, RestServiceOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var errors = RestOptionsCheck.Errors(new RestOptions { Services = { [service] = options } });
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(" ", errors), nameof(options));
        (Service, _options, _time) = (service, options, time);
        Instances = [.. options.Instances.Keys.Select(i => new ServiceInstance($"{service}/{i}", options.OnThisMachine.Contains(i)))];
        _instances = options.Instances.ToDictionary(
            i => $"{service}/{i.Key}", i => new RestInstance($"{service}/{i.Key}", new Uri(i.Value), options, time), StringComparer.Ordinal);
        _outside = new(service, _instances.ToDictionary(i => i.Key, IOutsideInstance<RestState> (i) => i.Value));
    }

    /// <inheritdoc/>
    public string Service { get; }

    /// <inheritdoc/>
    public WorkLocation Location => WorkLocation.External;

    /// <inheritdoc/>
    public TimeSpan DefaultAttemptTimeout => _options.AttemptTimeout;

    /// <inheritdoc/>
    public TimeSpan? DefaultStallTimeout => _options.StallTimeout;

    /// <inheritdoc/>
    public TimeSpan SubmitTimeout => _options.SubmitTimeout;

    /// <inheritdoc/>
    public ServiceCapabilities Capabilities => RestInstance.All;

    /// <inheritdoc/>
    public IReadOnlyList<ServiceInstance> Instances { get; }

    /// <inheritdoc/>
    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new OutsideExecution<RestState>(_outside, context, _options.Outage, _time).Run(cancellationToken);
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
    public void Dispose()
    {
        foreach (var instance in _instances.Values)
            instance.Dispose();
    }
}

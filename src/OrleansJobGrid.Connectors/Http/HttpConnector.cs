using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>A service outside that is described by its requests and answers alone; see <c>docs/http.md</c>.</summary>
public sealed class HttpConnector : IExternalConnector, IDisposable
{
    private readonly HttpServiceOptions _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, HttpInstance> _instances;
    private readonly OutsideService<HttpWork> _outside;

    /// <summary>Makes the connector of one service.</summary>
    /// <param name="service">Its name.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="time">The clock of its waits.</param>
    /// <param name="callbacks">Where the service calls back; needed where its templates name <c>{{callback}}</c>.</param>
    /// <exception cref="ArgumentException">A setting is wrong; the message names all of them.</exception>
    public HttpConnector(string service, HttpServiceOptions options, TimeProvider time, IHttpCallbacks? callbacks = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var errors = HttpOptionsCheck.Errors(new HttpOptions { Services = { [service] = options } });
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(" ", errors), nameof(options));
        if (HttpOptionsCheck.NamesCallback(options) && callbacks is null)
            throw new ArgumentException($"JobGrid:Http:Services:{service}:Submit names {{{{callback}}}}, and there is nowhere to call.", nameof(callbacks));
        (Service, _options, _time) = (service, options, time);
        Instances = [.. options.Instances.Keys.Select(i => new ServiceInstance($"{service}/{i}", options.OnThisMachine.Contains(i)))];
        _instances = options.Instances.ToDictionary(
            i => $"{service}/{i.Key}", i => new HttpInstance($"{service}/{i.Key}", new Uri(i.Value), options, time, HttpOptionsCheck.NamesCallback(options) ? callbacks : null), StringComparer.Ordinal);
        _outside = new(service, _instances.ToDictionary(i => i.Key, IOutsideInstance<HttpWork> (i) => i.Value));
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
    public IReadOnlyCollection<string> Secrets => [.. _options.Headers.Values, _options.Auth.Value];

    /// <inheritdoc/>
    public TimeSpan SubmitTimeout => _options.SubmitTimeout;

    /// <inheritdoc/>
    public ServiceCapabilities Capabilities => HttpInstance.CapabilitiesOf(_options);

    /// <inheritdoc/>
    public IReadOnlyList<ServiceInstance> Instances { get; }

    /// <inheritdoc/>
    public async Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return _options.Mode == HttpMode.Async
                ? await new OutsideExecution<HttpWork>(_outside, context, _options.Outage, _time).Run(cancellationToken)
                : await new HttpRequestExecution(_outside, _instances, context, _options, _time).Run(cancellationToken);
        }
        catch (InvalidPayloadException e)
        {
            return ConnectorResult.Failed(FailureClass.Malformed, FailureReason.MissingRequiredField, e.Message);
        }
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

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
    private int _turn = -1;

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
    public IReadOnlyList<ServiceInstance> Instances { get; }

    /// <inheritdoc/>
    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new RestExecution(this, context, _options, _time).Run(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<InstanceReport> QueryAsync(string instance, IReadOnlyList<string> externalIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(externalIds);
        var states = await At(instance).Query(externalIds, cancellationToken);
        return new(states.Boot, externalIds.ToDictionary(id => id, id => ReportOf(states.Jobs?.GetValueOrDefault(id))));
    }

    /// <inheritdoc/>
    public async Task CancelAsync(string instance, string externalId, CancellationToken cancellationToken)
    {
        var at = At(instance);
        await at.Cancel(externalId, cancellationToken);
        while ((await at.Query([externalId], cancellationToken)).Jobs?.GetValueOrDefault(externalId) is { IsLive: true })
            await Task.Delay(_options.PollInterval, _time, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var instance in _instances.Values)
            instance.Dispose();
    }

    internal RestInstance At(string instance) =>
        Find(instance) ?? throw new ArgumentException($"'{Service}' has no instance '{instance}' on this worker.", nameof(instance));

    internal RestInstance? Find(string instance) => _instances.GetValueOrDefault(instance);

    /// <summary>The instances in turns: the next call begins with the next one.</summary>
    internal IEnumerable<string> InTurn(IReadOnlyList<string> usable)
    {
        var first = (uint)Interlocked.Increment(ref _turn);
        return Enumerable.Range(0, usable.Count).Select(i => usable[(int)((first + (uint)i) % (uint)usable.Count)]);
    }

    private static SubmissionReport ReportOf(RestState? state) => state is null
        ? new(SubmissionState.Absent)
        : new(state.State, state.State == SubmissionState.Failed ? RestFailures.Of(state.Error) : null);
}

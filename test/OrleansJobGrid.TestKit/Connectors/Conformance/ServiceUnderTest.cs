using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.TestKit.Connectors.Conformance;

/// <summary>A service that speaks its protocol on 127.0.0.1, and a connector for it, as the conformance suite turns at them.</summary>
public abstract class ServiceUnderTest : IAsyncDisposable
{
    private readonly List<IExternalConnector> _connectors = [];
    private FaultyProxy? _proxy;

    /// <summary>What stands between; connectors are told its address.</summary>
    public FaultyProxy Proxy => _proxy ?? throw new InvalidOperationException($"{nameof(StartAsync)} comes first.");

    /// <summary>The instance that connectors reach.</summary>
    public abstract string Instance { get; }

    /// <summary>The payload of a job that is done there, as soon as nothing is held.</summary>
    public abstract string Payload { get; }

    /// <summary>The payload of a job that the service refuses, since it is wrong.</summary>
    public abstract string Refused { get; }

    /// <summary>The payload of a job that fails while it runs, and not by its own fault.</summary>
    public abstract string Failing { get; }

    /// <summary>How many executions began.</summary>
    public abstract int Begun { get; }

    /// <summary>How many run or wait.</summary>
    public abstract int Live { get; }

    /// <summary>Whether a job waits in the service while another one runs.</summary>
    public virtual bool OneAtATime => false;

    /// <summary>Work that begins from now on does not end before <see cref="Release"/>.</summary>
    public abstract void Hold();

    /// <summary>What is held goes on.</summary>
    public abstract void Release();

    /// <summary>Starts the service and the proxy before it.</summary>
    public async Task StartAsync()
    {
        await ListenAsync();
        _proxy = new() { Service = () => Address, IsPost = IsPost };
        await _proxy.StartAsync();
    }

    /// <summary>The connector of another worker.</summary>
    public IExternalConnector Connect()
    {
        var connector = Make(Proxy.Url);
        _connectors.Add(connector);
        return connector;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Release();
        foreach (var connector in _connectors.OfType<IDisposable>())
            connector.Dispose();
        if (_proxy is not null)
            await _proxy.DisposeAsync();
        await EndAsync();
    }

    /// <summary>Where the service listens.</summary>
    protected abstract Uri Address { get; }

    /// <summary>Starts the service.</summary>
    protected abstract Task ListenAsync();

    /// <summary>Ends the service.</summary>
    protected abstract Task EndAsync();

    /// <summary>A connector with short times: questions each few ms, an outage of 300 ms.</summary>
    protected abstract IExternalConnector Make(Uri address);

    /// <summary>Whether a request brings work there.</summary>
    protected abstract bool IsPost(string method, string path);
}

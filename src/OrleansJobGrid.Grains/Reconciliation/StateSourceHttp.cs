namespace OrleansJobGrid.Grains.Reconciliation;

/// <summary>The connections to sources, one pool a silo.</summary>
internal sealed class StateSourceHttp : IDisposable
{
    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };

    public void Dispose() => Http.Dispose();
}

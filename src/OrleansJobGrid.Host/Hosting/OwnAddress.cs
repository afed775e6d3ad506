using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OrleansJobGrid.Grains.Sagas;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Where the gateway of this process listens; an address for any interface is one of this machine.</summary>
internal sealed class OwnAddress(IServer server) : IOwnAddress
{
    /// <inheritdoc/>
    public Uri? Url => server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address
        ? new(address.Replace("://0.0.0.0", "://127.0.0.1", StringComparison.Ordinal).Replace("://[::]", "://127.0.0.1", StringComparison.Ordinal).Replace("://+", "://127.0.0.1", StringComparison.Ordinal).Replace("://*", "://127.0.0.1", StringComparison.Ordinal))
        : null;
}

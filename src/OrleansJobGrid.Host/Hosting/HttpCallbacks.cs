using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.Callbacks;
using OrleansJobGrid.Connectors.Http;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Callbacks that gateways keep among the artefacts.</summary>
internal sealed class HttpCallbacks(CallbackOptions options, IArtefactStore store) : IHttpCallbacks
{
    private readonly CallbackBox _box = new(store);

    public string AddressOf(string mark) => $"{options.Address.TrimEnd('/')}/api/callbacks/{mark}/{CallbackSignature.Of(mark, options.Key)}";

    public Task<IReadOnlyList<byte[]>> ReadAsync(string mark, CancellationToken cancellationToken) => _box.ReadAsync(mark, cancellationToken);

    public Task ForgetAsync(string mark, CancellationToken cancellationToken) => _box.ForgetAsync(mark, cancellationToken);
}

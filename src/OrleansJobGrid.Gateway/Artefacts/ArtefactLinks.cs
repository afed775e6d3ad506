using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary>Signed links for clients: the store's own where it makes some, else such to the gateway that was asked.</summary>
/// <param name="options">How long they are good for.</param>
/// <param name="time">The clock.</param>
/// <param name="own">The store's; null: it makes none, and <paramref name="key"/> is needed.</param>
/// <param name="key">What links to the gateway are signed with.</param>
internal sealed class ArtefactLinks(ArtefactOptions options, TimeProvider time, ILinkSigner? own = null, LinkKey? key = null)
{
    private readonly GatewayLinks? _gateway = key is null ? null : new(key, time);

    private ILinkSigner Signer => own ?? _gateway ?? throw new InvalidOperationException("Neither a link signer nor a link key was registered with the gateway.");

    public async Task<SignedLink> DownloadAsync(HttpRequest request, string artefactId, TimeSpan? lifetime) =>
        Absolute(request, await Signer.DownloadAsync(artefactId, lifetime ?? options.LinkLifetime));

    public async Task<SignedLink> UploadAsync(HttpRequest request, string sha256, long size, TimeSpan? lifetime) =>
        Absolute(request, await Signer.UploadAsync(sha256, size, lifetime ?? options.LinkLifetime));

    /// <summary>What keeps a request from reading by a link of the gateway; null: nothing, or it has no signature of one.</summary>
    public GridProblem? RefuseDownload(string artefactId, IQueryCollection query) =>
        GatewayLinks.IsSigned(query) ? _gateway?.RefuseDownload(artefactId, query) ?? (_gateway is null ? NotHere : null) : null;

    /// <summary>What keeps a request from sending by a link of the gateway; null: nothing.</summary>
    public GridProblem? RefuseUpload(string artefactId, IQueryCollection query) => _gateway is null
        ? NotHere
        : _gateway.RefuseUpload(artefactId, query);

    private static GridProblem NotHere => GridProblem.Forbidden("This gateway takes no signed links, for those of this grid lead to its bucket: ask POST /api/artefacts/presigned-uploads for one.");

    private static SignedLink Absolute(HttpRequest request, SignedLink link) =>
        link.Url.StartsWith('/') ? link with { Url = $"{request.Scheme}://{request.Host}{request.PathBase}{link.Url}" } : link;
}

using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary>A request that anybody may make until it expires, with these headers as they are.</summary>
internal sealed record LinkAnswer(
    bool Success, string Artefact, string Url, string Method, IReadOnlyDictionary<string, string> Headers, IsoTime ExpiresAt, IsoTime Timestamp)
{
    public static LinkAnswer Of(string artefact, SignedLink link, TimeProvider time) =>
        new(true, artefact, link.Url, link.Method, link.Headers, new IsoTime(link.ExpiresAt.ToUnixTimeMilliseconds()), IsoTime.Now(time));
}

/// <summary>Asks for a link that takes an upload.</summary>
/// <param name="Sha256">The hash of its bytes, 64 lowercase hex digits.</param>
/// <param name="Size">Their number.</param>
/// <param name="ExpiresInSeconds">1 to 604800; left out: as the gateway is set.</param>
internal sealed record UploadLinkDocument(string Sha256, long Size, long? ExpiresInSeconds);

/// <summary>Asks for a link that reads an artefact.</summary>
/// <param name="Artefact">Its id.</param>
/// <param name="ExpiresInSeconds">1 to 604800; left out: as the gateway is set.</param>
internal sealed record DownloadLinkDocument(string Artefact, long? ExpiresInSeconds);

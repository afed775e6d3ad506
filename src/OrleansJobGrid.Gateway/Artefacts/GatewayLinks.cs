using System.Globalization;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary>
/// Links to the gateway itself, signed by HMAC-SHA256 over what they allow. Their address begins at the gateway's root; whoever gives them out
/// puts its own address before.
/// </summary>
internal sealed class GatewayLinks(LinkKey key, TimeProvider time) : ILinkSigner
{
    private const string Expires = "expires";
    private const string Size = "size";
    private const string Signature = "signature";

    private static readonly Dictionary<string, string> NoHeaders = [];

    public Task<SignedLink> DownloadAsync(string artefactId, TimeSpan lifetime)
    {
        var (until, seconds) = Until(lifetime);
        var url = $"{ArtefactUrl.Of(artefactId)}?{Expires}={seconds}&{Signature}={key.Sign(Download(artefactId, seconds))}";
        return Task.FromResult(new SignedLink(url, HttpMethods.Get, NoHeaders, until));
    }

    public Task<SignedLink> UploadAsync(string sha256, long size, TimeSpan lifetime)
    {
        var (until, seconds) = Until(lifetime);
        var bytes = size.ToString(CultureInfo.InvariantCulture);
        var url = $"{ArtefactUrl.Of("sha256-" + sha256)}?{Size}={bytes}&{Expires}={seconds}&{Signature}={key.Sign(Upload("sha256-" + sha256, bytes, seconds))}";
        return Task.FromResult(new SignedLink(url, HttpMethods.Put, NoHeaders, until));
    }

    /// <summary>What keeps a request with a signature from reading an artefact; null: nothing.</summary>
    public GridProblem? RefuseDownload(string artefactId, IQueryCollection query) =>
        Refuse(query, key.IsRight(Download(artefactId, query[Expires].ToString()), query[Signature].ToString()));

    /// <summary>The same of sending one.</summary>
    public GridProblem? RefuseUpload(string artefactId, IQueryCollection query) =>
        Refuse(query, key.IsRight(Upload(artefactId, query[Size].ToString(), query[Expires].ToString()), query[Signature].ToString()));

    /// <summary>Whether a request was signed, rightly or not.</summary>
    public static bool IsSigned(IQueryCollection query) => query.ContainsKey(Signature);

    /// <summary>How many bytes a signed request may send.</summary>
    public static long SizeOf(IQueryCollection query) => long.Parse(query[Size].ToString(), CultureInfo.InvariantCulture);

    private static string Download(string artefactId, string seconds) => $"GET\n{artefactId}\n{seconds}";

    private static string Upload(string artefactId, string size, string seconds) => $"PUT\n{artefactId}\n{size}\n{seconds}";

    private GridProblem? Refuse(IQueryCollection query, bool isRight)
    {
        if (!isRight)
            return GridProblem.Forbidden("The signature of this link is wrong: use the link as it was given, and its method.");
        var until = DateTimeOffset.FromUnixTimeSeconds(long.Parse(query[Expires].ToString(), CultureInfo.InvariantCulture));
        return time.GetUtcNow() > until ? GridProblem.Forbidden("This link has expired: ask for a new one.") : null;
    }

    private (DateTimeOffset Until, string Seconds) Until(TimeSpan lifetime)
    {
        var until = DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + lifetime).ToUnixTimeSeconds());
        return (until, until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
    }
}

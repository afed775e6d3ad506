namespace OrleansJobGrid.Artefacts;

/// <summary>Makes links that a store's own service honours, so that bytes need not go through the grid.</summary>
public interface ILinkSigner
{
    /// <summary>A link that reads an artefact. Whether it is there is not looked at; a malformed id throws <see cref="ArgumentException"/>.</summary>
    Task<SignedLink> DownloadAsync(string artefactId, TimeSpan lifetime);

    /// <summary>A link that takes these very bytes and no others.</summary>
    /// <param name="sha256">Their hash, 64 lowercase hex digits.</param>
    /// <param name="size">Their number.</param>
    /// <param name="lifetime">At most 7 days.</param>
    Task<SignedLink> UploadAsync(string sha256, long size, TimeSpan lifetime);
}

/// <summary>A request that anybody may make until it expires.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Method"><c>GET</c> or <c>PUT</c>.</param>
/// <param name="Headers">Headers that have to be sent with it as they are.</param>
/// <param name="ExpiresAt">Until when.</param>
public sealed record SignedLink(string Url, string Method, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt);

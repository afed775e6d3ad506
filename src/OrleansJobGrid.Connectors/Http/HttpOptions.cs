namespace OrleansJobGrid.Connectors.Http;

/// <summary>Services outside that are described by their requests and answers alone (<c>JobGrid:Http</c>); see <c>docs/http.md</c>.</summary>
public sealed class HttpOptions
{
    /// <summary>By the name of the service, as in a job's <c>service_required</c>: 1 to 64 of <c>A-Za-z0-9._-</c>. Default none.</summary>
    public IDictionary<string, HttpServiceOptions> Services { get; } = new Dictionary<string, HttpServiceOptions>(StringComparer.Ordinal);
}

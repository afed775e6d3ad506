namespace OrleansJobGrid.Connectors.Rest;

/// <summary>Services outside that speak the grid's REST protocol (<c>JobGrid:Rest</c>); see <c>docs/rest.md</c>.</summary>
public sealed class RestOptions
{
    /// <summary>By the name of the service, as in a job's <c>service_required</c>: 1 to 64 of <c>A-Za-z0-9._-</c>. Default none.</summary>
    public IDictionary<string, RestServiceOptions> Services { get; } = new Dictionary<string, RestServiceOptions>(StringComparer.Ordinal);
}

using Microsoft.AspNetCore.Http.Metadata;

namespace OrleansJobGrid.Gateway.Hosting;

/// <summary>Lifts the server's own limit of the body on a route that has its own, with an answer that says what to do.</summary>
internal sealed class BodySize : IRequestSizeLimitMetadata
{
    public static BodySize OwnLimit { get; } = new();

    public long? MaxRequestBodySize => null;
}

namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary>Where an artefact is read.</summary>
internal static class ArtefactUrl
{
    /// <summary>Its address from the root of the gateway.</summary>
    public static string Of(string artefact) => "/api/artefacts/" + string.Join('/', artefact.Split('/').Select(Uri.EscapeDataString));
}

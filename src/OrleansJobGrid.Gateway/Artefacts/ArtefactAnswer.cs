namespace OrleansJobGrid.Gateway.Artefacts;

/// <summary>An upload was kept; its id names its bytes, so that the same bytes give the same id.</summary>
internal sealed record ArtefactAnswer(bool Success, string Artefact, string Sha256, long Size);

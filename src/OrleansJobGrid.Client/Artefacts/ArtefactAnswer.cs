namespace OrleansJobGrid.Client;

/// <summary>A file that the grid keeps.</summary>
/// <param name="Artefact">Its id, to be put into payloads.</param>
/// <param name="Sha256">Hash of its bytes, lowercase hex.</param>
/// <param name="Size">Length in bytes.</param>
public sealed record ArtefactAnswer(string Artefact, string Sha256, long Size);

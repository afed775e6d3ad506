namespace OrleansJobGrid.Storage;

/// <summary>The answer to a document's writing.</summary>
/// <param name="Written">Whether this call wrote or deleted it; false: the stored version is not the expected one, and nothing changed.</param>
/// <param name="Version">The version stored after the call; 0: there is no document.</param>
public readonly record struct DocumentAnswer(bool Written, long Version);

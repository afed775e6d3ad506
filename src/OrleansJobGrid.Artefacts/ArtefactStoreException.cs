namespace OrleansJobGrid.Artefacts;

/// <summary>The service that keeps the artefacts did not do what was asked; the same call may go well later.</summary>
/// <param name="message">What was asked of which bucket, and what it said. Holds no secrets.</param>
/// <param name="inner">What the service or the connection said.</param>
public sealed class ArtefactStoreException(string message, Exception? inner = null) : IOException(message, inner);

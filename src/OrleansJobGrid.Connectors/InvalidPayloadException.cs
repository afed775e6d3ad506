namespace OrleansJobGrid.Connectors;

/// <summary>A payload is wrong; the message names the field and the mend.</summary>
internal sealed class InvalidPayloadException(string message) : Exception(message);

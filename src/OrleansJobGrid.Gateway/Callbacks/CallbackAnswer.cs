namespace OrleansJobGrid.Gateway.Callbacks;

/// <summary>A call was kept.</summary>
internal sealed record CallbackAnswer(bool Success);

namespace OrleansJobGrid.Connectors.Outside;

/// <summary>Exceptions of requests to services outside.</summary>
internal static class OutsideFaults
{
    /// <summary>Whether an exception tells that the instance could not be asked.</summary>
    public static bool IsFault(Exception e) => e is HttpRequestException or TimeoutException or InvalidDataException or IOException;
}

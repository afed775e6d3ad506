namespace OrleansJobGrid.Connectors.Http;

/// <summary>Where services call back, and what they said there. Any worker finds it.</summary>
public interface IHttpCallbacks
{
    /// <summary>The address that a service is given for a mark.</summary>
    string AddressOf(string mark);

    /// <summary>All that was said of a mark, JSON, in the order in which it came.</summary>
    Task<IReadOnlyList<byte[]>> ReadAsync(string mark, CancellationToken cancellationToken);

    /// <summary>Removes what was said of a mark. Idempotent.</summary>
    Task ForgetAsync(string mark, CancellationToken cancellationToken);
}

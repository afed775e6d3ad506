namespace OrleansJobGrid.Client;

/// <summary>The query of an address.</summary>
internal static class Query
{
    /// <summary>With its question mark; what is null is left out.</summary>
    public static string Of(params (string Name, string? Value)[] parameters)
    {
        var given = parameters.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}").ToList();
        return given.Count == 0 ? "" : "?" + string.Join('&', given);
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Client;

/// <summary>How the grid is.</summary>
/// <param name="Status"><c>ok</c>, <c>degraded</c> or <c>down</c>.</param>
/// <param name="Reasons">Why it is not <c>ok</c>, for a person.</param>
/// <param name="Store">Its store.</param>
/// <param name="Roles">The roles of the process that answered.</param>
/// <param name="Version">The grid's version.</param>
public sealed record GridHealth(
    string Status, IReadOnlyList<string>? Reasons, GridStore? Store, IReadOnlyList<string>? Roles, string? Version)
{
    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>The store of a grid.</summary>
/// <param name="Kind"><c>sqlite</c> or <c>redis</c>.</param>
/// <param name="Where">File or address, without secrets.</param>
/// <param name="Durability">What an acknowledged write survives, in one sentence.</param>
/// <param name="Findings">Settings that were looked at.</param>
public sealed record GridStore(string Kind, string? Where, string? Durability, IReadOnlyList<GridStoreFinding>? Findings);

/// <summary>A setting of the store's server.</summary>
/// <param name="Setting">Its name.</param>
/// <param name="Value">Its value, or <c>unknown</c>.</param>
/// <param name="Warning">What to change and why; null: fine as it is.</param>
public sealed record GridStoreFinding(string Setting, string? Value, string? Warning);

namespace OrleansJobGrid.Storage;

/// <summary>What a store is and what it promises, as reported at start, in health and by <c>doctor</c>.</summary>
/// <param name="Kind"><c>sqlite</c> or <c>redis</c>.</param>
/// <param name="StoreId">Random, made with the store.</param>
/// <param name="Where">File or address, without secrets.</param>
/// <param name="Durability">What an acknowledged write survives, in one sentence for a person.</param>
/// <param name="Findings">Settings that were looked at.</param>
public sealed record StoreDescription(string Kind, string StoreId, string Where, string Durability, IReadOnlyList<StoreFinding> Findings);

/// <summary>One setting of the store's server.</summary>
/// <param name="Setting">Its name.</param>
/// <param name="Value">Its value, or <c>unknown</c> where the server does not tell.</param>
/// <param name="Warning">What to change and why; null: fine as it is.</param>
public sealed record StoreFinding(string Setting, string Value, string? Warning);

using System.Security.Cryptography;
using System.Text;
using OrleansJobGrid.Contracts.Sagas;

namespace OrleansJobGrid.Sagas.Planning;

/// <summary>Ids of the jobs, child sagas and calls that a saga begins: made of its own id and the unit's key, so that a repetition names the same.</summary>
public static class SagaWorkIds
{
    /// <summary>The id of a job or a child saga, legal for both.</summary>
    public static string Of(string sagaId, UnitKey key) => Fit(sagaId, $":{key}");

    /// <summary>The key of a call, the same for all tries of a unit: one whose answer was lost must not have its effect twice.</summary>
    public static string CallOf(string sagaId, UnitKey key) => $"{sagaId}:{key.Step}.{key.Unit}{(key.Undo ? ".undo" : "")}";

    /// <summary>The key that an id was made of; null: it is of another saga.</summary>
    public static UnitKey? KeyOf(string sagaId, string workId) =>
        workId.LastIndexOf(':') is > 0 and var at && UnitKey.Parse(workId[(at + 1)..]) is { } key && Of(sagaId, key) == workId ? key : null;

    private static string Fit(string sagaId, string rest) =>
        sagaId.Length + rest.Length <= SagaLimits.IdLength ? sagaId + rest
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sagaId)).AsSpan(0, 16)) + rest;
}

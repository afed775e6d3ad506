using System.Text;
using OrleansJobGrid.Contracts;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>
/// The id of a submission: the given one; else, with an <c>Idempotency-Key</c>, a version 5 UUID of customer, key and place in the
/// array, so that replaying and creating are one operation; else a new one.
/// </summary>
/// <remarks>
/// The name under <see cref="Namespace"/> is <c>LENGTH:CUSTOMER:KEY:INDEX</c>, the length being the customer's in characters, and <c>-</c>
/// standing for length and customer where there is none. A single submission has index 0.
/// </remarks>
internal sealed class JobIdRule(IJobIdSource fresh, string? idempotencyKey)
{
    /// <summary>This project's own namespace for keys; it must never change, or replays would double.</summary>
    public static readonly Guid Namespace = new("6d1f2a3e-0c5b-4f7e-9a44-8e21c7b0d5f3");

    public string For(string? given, string? customerId, int index)
    {
        if (given is not null)
            return given;
        if (idempotencyKey is null)
            return fresh.Next();
        var name = customerId is null
            ? $"-:{idempotencyKey}:{index}"
            : $"{customerId.Length}:{customerId}:{idempotencyKey}:{index}";
        return NameBasedGuid.Create(Namespace, Encoding.UTF8.GetBytes(name)).ToString("D");
    }
}

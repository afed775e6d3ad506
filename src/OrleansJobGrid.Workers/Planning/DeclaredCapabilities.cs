using System.Security.Cryptography;
using System.Text;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Workers.Planning;

/// <summary>What a worker can do, with the text and the key that its claims carry; both are made once.</summary>
internal sealed class DeclaredCapabilities(WorkerCapabilities capabilities)
{
    public WorkerCapabilities Value { get; } = capabilities;

    public string Text { get; } = capabilities.Text;

    /// <summary>16 hex digits of a hash of the text: equal workers have equal ones.</summary>
    public string Key { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(capabilities.Text)).AsSpan(0, 8));
}

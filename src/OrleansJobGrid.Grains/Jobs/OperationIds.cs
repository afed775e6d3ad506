using System.Security.Cryptography;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>128 random bits: what makes one operation, and with it one grant, different from every other.</summary>
internal static class OperationIds
{
    public static Guid Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new(bytes);
    }
}

/// <summary>The draw that spreads backoffs, made outside the decision so that the decision stays pure.</summary>
internal static class Jitter
{
    /// <summary>0 (inclusive) to 1.</summary>
    public static double Draw() => RandomNumberGenerator.GetInt32(1 << 24) / (double)(1 << 24);
}

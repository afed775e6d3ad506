using System.Security.Cryptography;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>128 random bits: what makes one operation, and with it one grant, different from every other.</summary>
internal static class OperationIds
{
    private const int Length = 16;

    // One call of the system's generator for many ids, since the call and not the bytes is what it costs.
    [ThreadStatic]
    private static byte[]? s_drawn;

    [ThreadStatic]
    private static int s_left;

    public static Guid Next()
    {
        if (s_left == 0)
        {
            s_drawn ??= new byte[Length * 128];
            RandomNumberGenerator.Fill(s_drawn);
            s_left = s_drawn.Length;
        }

        s_left -= Length;
        return new(s_drawn.AsSpan(s_left, Length));
    }
}

/// <summary>The draw that spreads backoffs, made outside the decision so that the decision stays pure.</summary>
internal static class Jitter
{
    /// <summary>0 (inclusive) to 1.</summary>
    public static double Draw() => RandomNumberGenerator.GetInt32(1 << 24) / (double)(1 << 24);
}

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>A device's memory at one moment, MB of 1,048,576 bytes.</summary>
/// <param name="FreeMb">What can be allocated.</param>
/// <param name="TotalMb">All.</param>
internal readonly record struct GpuMemory(long FreeMb, long TotalMb)
{
    /// <summary>What is in use, by whomever.</summary>
    public long UsedMb => TotalMb - FreeMb;
}

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>What computes the pixels.</summary>
internal enum DeviceKind
{
    /// <summary>The machine's processor.</summary>
    Cpu,

    /// <summary>A GPU of NVIDIA's.</summary>
    Cuda,
}

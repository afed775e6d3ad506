namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>The CUDA devices of this machine.</summary>
/// <param name="Devices">In the driver's order.</param>
/// <param name="Installed">Whether there is a CUDA driver at all.</param>
/// <param name="Absence">A sentence that says why <paramref name="Devices"/> is empty; null where it is not.</param>
internal sealed record CudaSurvey(IReadOnlyList<CudaFound> Devices, bool Installed, string? Absence);

/// <summary>A CUDA device.</summary>
/// <param name="Id">The driver's number of it in this process, which <c>CUDA_VISIBLE_DEVICES</c> may change.</param>
/// <param name="Name">The product.</param>
/// <param name="Uuid"><c>GPU-</c> and 32 hexadecimal digits in five groups, as NVML names it.</param>
internal sealed record CudaFound(int Id, string Name, string Uuid)
{
    /// <summary>As results and messages name it.</summary>
    public string Title => $"{Name} ({Uuid})";
}

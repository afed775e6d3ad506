namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>One picture's output, computed any rows at a time, in any order, always to the same bytes.</summary>
internal interface IPictureRows : IDisposable
{
    /// <summary>Device memory that it holds, bytes; 0 before the first rows.</summary>
    long DeviceBytes { get; }

    /// <summary>Computes rows of the output.</summary>
    /// <param name="firstRow">The first.</param>
    /// <param name="rowCount">How many, at least 1.</param>
    /// <param name="cancellationToken">Looked at before each launch.</param>
    /// <returns>Packed RGBA bytes, the output's width * <paramref name="rowCount"/> * 4.</returns>
    Task<byte[]> ComputeRowsAsync(int firstRow, int rowCount, CancellationToken cancellationToken);
}

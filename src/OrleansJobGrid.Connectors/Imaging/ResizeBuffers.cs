using ILGPU;
using ILGPU.Runtime;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Device memory of one resize.</summary>
internal sealed class ResizeBuffers(
    Accelerator accelerator, ResampleAxis rowAxis, ResampleAxis columnAxis, int sourcePixels, int betweenPixels, int targetPixels) : IDisposable
{
    /// <summary>Source rows of one launch, packed RGBA.</summary>
    public MemoryBuffer1D<uint, Stride1D.Dense> Source { get; } = accelerator.Allocate1D<uint>(sourcePixels);

    /// <summary>Between the passes: four floats a pixel.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> Between { get; } = accelerator.Allocate1D<float>(betweenPixels * 4L);

    /// <summary>Target rows of one launch, packed RGBA.</summary>
    public MemoryBuffer1D<uint, Stride1D.Dense> Target { get; } = accelerator.Allocate1D<uint>(targetPixels);

    /// <summary>See <see cref="ResampleAxis.First"/>.</summary>
    public MemoryBuffer1D<int, Stride1D.Dense> FirstRows { get; } = accelerator.Allocate1D(rowAxis.First);

    /// <summary>See <see cref="ResampleAxis.Weights"/>.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> RowWeights { get; } = accelerator.Allocate1D(rowAxis.Weights);

    /// <summary>See <see cref="ResampleAxis.First"/>.</summary>
    public MemoryBuffer1D<int, Stride1D.Dense> FirstColumns { get; } = accelerator.Allocate1D(columnAxis.First);

    /// <summary>See <see cref="ResampleAxis.Weights"/>.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> ColumnWeights { get; } = accelerator.Allocate1D(columnAxis.Weights);

    /// <inheritdoc/>
    public void Dispose()
    {
        Source.Dispose();
        Between.Dispose();
        Target.Dispose();
        FirstRows.Dispose();
        RowWeights.Dispose();
        FirstColumns.Dispose();
        ColumnWeights.Dispose();
    }
}

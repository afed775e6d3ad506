using ILGPU;
using ILGPU.Runtime;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Device memory of one resize.</summary>
internal sealed class ResizeBuffers : DeviceBuffers
{
    /// <summary>Takes it.</summary>
    public ResizeBuffers(
        Accelerator accelerator, ResampleAxis rowAxis, ResampleAxis columnAxis, int sourcePixels, int betweenPixels, int targetPixels)
        : base(accelerator)
    {
        Source = Take<uint>(sourcePixels);
        Between = Take<float>(betweenPixels * 4L);
        Target = Take<uint>(targetPixels);
        FirstRows = Take(rowAxis.First);
        RowWeights = Take(rowAxis.Weights);
        FirstColumns = Take(columnAxis.First);
        ColumnWeights = Take(columnAxis.Weights);
    }

    /// <summary>Source rows of one launch, packed RGBA.</summary>
    public MemoryBuffer1D<uint, Stride1D.Dense> Source { get; }

    /// <summary>Between the passes: four floats a pixel.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> Between { get; }

    /// <summary>Target rows of one launch, packed RGBA.</summary>
    public MemoryBuffer1D<uint, Stride1D.Dense> Target { get; }

    /// <summary>See <see cref="ResampleAxis.First"/>.</summary>
    public MemoryBuffer1D<int, Stride1D.Dense> FirstRows { get; }

    /// <summary>See <see cref="ResampleAxis.Weights"/>.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> RowWeights { get; }

    /// <summary>See <see cref="ResampleAxis.First"/>.</summary>
    public MemoryBuffer1D<int, Stride1D.Dense> FirstColumns { get; }

    /// <summary>See <see cref="ResampleAxis.Weights"/>.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> ColumnWeights { get; }
}

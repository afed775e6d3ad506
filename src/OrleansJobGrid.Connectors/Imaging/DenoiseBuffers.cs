using ILGPU;
using ILGPU.Runtime;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Device memory of one denoise.</summary>
internal sealed class DenoiseBuffers : DeviceBuffers
{
    /// <summary>Takes it, for launches of up to <see cref="ImagingLimits.LaunchRows"/> rows.</summary>
    public DenoiseBuffers(Accelerator accelerator, int width, int launchRows, float[] table)
        : base(accelerator)
    {
        Colours = Take<uint>(BorderedPixels(width, launchRows));
        Compared = Take<uint>(BorderedPixels(width, launchRows));
        Table = Take(table);
        Sums = Take<float>(4L * width * launchRows);
        Target = Take<uint>((long)width * launchRows);
    }

    /// <summary>Source rows with their border, packed, straight alpha.</summary>
    public MemoryBuffer1D<uint, Stride1D.Dense> Colours { get; }

    /// <summary>The same with premultiplied alpha.</summary>
    public MemoryBuffer1D<uint, Stride1D.Dense> Compared { get; }

    /// <summary>See <see cref="DenoiseWeights.Table"/>.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> Table { get; }

    /// <summary>Four floats a pixel.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> Sums { get; }

    /// <summary>Target rows, packed.</summary>
    public MemoryBuffer1D<uint, Stride1D.Dense> Target { get; }

    /// <summary>Pixels of so many rows with their border, see <see cref="DenoiseKernels.Means"/>.</summary>
    public static int BorderedPixels(int width, int rows) =>
        (width + (2 * DenoiseWeights.PatchRadius)) * (rows + (2 * (DenoiseWeights.PatchRadius + DenoiseWeights.SearchRadius)));
}

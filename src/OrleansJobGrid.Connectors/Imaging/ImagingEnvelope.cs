namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>How much device memory a job will take, known before anything is allocated.</summary>
internal static class ImagingEnvelope
{
    private const long Megabyte = 1024 * 1024;

    /// <summary>CUDA hands memory out in pieces of 2 MiB.</summary>
    private const long Piece = 2 * Megabyte;

    /// <summary>
    /// An upper bound, MB, rounded up: one picture after the other is on the device, so it is that of the largest. It does not grow
    /// with a picture's height, for a device has some rows at a time.
    /// </summary>
    /// <param name="operation">What is done.</param>
    /// <param name="pictures">Each input's size and the size that it gets, in pixels, 1 to 16384.</param>
    public static long GpuMemoryMb(
        ImagingOperation operation, IEnumerable<((int Width, int Height) Source, (int Width, int Height) Target)> pictures)
    {
        long most = 0;
        foreach (((int Width, int Height) source, (int Width, int Height) target) in pictures)
        {
            IEnumerable<long> buffers = operation == ImagingOperation.Denoise ? Denoise(source) : Resize(source, target);
            most = Math.Max(most, buffers.Sum(bytes => (bytes + Piece - 1) / Piece * Piece));
        }

        return most / Megabyte;
    }

    private static IEnumerable<long> Denoise((int Width, int Height) size)
    {
        int rows = Math.Min(ImagingLimits.LaunchRows, size.Height);
        long bordered = 4L * DenoiseBuffers.BorderedPixels(size.Width, rows);
        yield return bordered;
        yield return bordered;
        yield return 4L * DenoiseWeights.TableLength;
        yield return 16L * size.Width * rows;
        yield return 4L * size.Width * rows;
    }

    private static IEnumerable<long> Resize((int Width, int Height) source, (int Width, int Height) target)
    {
        int rowTaps = ResampleAxis.TapsOf(source.Height, target.Height);
        double ratio = (double)source.Height / target.Height;
        long sourceRows = Math.Min(source.Height, (long)Math.Ceiling(ImagingLimits.LaunchRows * ratio) + rowTaps + 1);
        yield return 4L * source.Width * sourceRows;
        yield return 16L * source.Width * ImagingLimits.LaunchRows;
        yield return 4L * target.Width * ImagingLimits.LaunchRows;
        yield return 4L * target.Height;
        yield return 4L * target.Height * rowTaps;
        yield return 4L * target.Width;
        yield return 4L * target.Width * ResampleAxis.TapsOf(source.Width, target.Width);
    }
}

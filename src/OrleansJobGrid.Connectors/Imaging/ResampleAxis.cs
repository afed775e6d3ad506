namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>
/// The Lanczos-3 weights of one axis: target sample t takes source samples First[t] to First[t] + Taps - 1.
/// </summary>
/// <remarks>
/// L(x) = sinc(x) sinc(x / 3) for |x| &lt; 3, else 0 (K. Turkowski, "Filters for common resampling tasks", Graphics Gems, 1990).
/// Sample centres lie at n + 0.5. Downscaling widens the kernel by the ratio of sizes. Samples beyond an edge repeat the edge
/// sample; their weights are folded into it here, so that the kernels never leave the picture. The weights of a target sample are
/// normalized to the sum 1 in double precision and then rounded to float.
/// </remarks>
internal sealed class ResampleAxis
{
    private const double Radius = 3;

    /// <summary>Computes the weights.</summary>
    /// <param name="sourceSize">Samples of the source, at least 1.</param>
    /// <param name="targetSize">Samples of the target, at least 1.</param>
    public ResampleAxis(int sourceSize, int targetSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sourceSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(targetSize, 1);
        double ratio = (double)sourceSize / targetSize;
        double stretch = Math.Max(1, ratio);
        int window = WindowOf(stretch);
        Taps = TapsOf(sourceSize, targetSize);
        First = new int[targetSize];
        Weights = new float[targetSize * Taps];
        double[] folded = new double[Taps];
        for (int target = 0; target < targetSize; target++)
        {
            double centre = ((target + 0.5) * ratio) - 0.5;
            int left = (int)Math.Ceiling(centre - (Radius * stretch));
            int first = Math.Clamp(left, 0, sourceSize - Taps);
            Array.Clear(folded);
            double sum = 0;
            for (int sample = left; sample < left + window; sample++)
            {
                double weight = Lanczos((sample - centre) / stretch);
                folded[Math.Clamp(sample, 0, sourceSize - 1) - first] += weight;
                sum += weight;
            }

            First[target] = first;
            for (int tap = 0; tap < Taps; tap++)
                Weights[(target * Taps) + tap] = (float)(folded[tap] / sum);
        }
    }

    /// <summary>Weights of each target sample.</summary>
    public int Taps { get; }

    /// <summary>First source sample of each target sample; never falls.</summary>
    public int[] First { get; }

    /// <summary><see cref="Taps"/> weights for each target sample.</summary>
    public float[] Weights { get; }

    /// <summary><see cref="Taps"/> of an axis, known without its weights.</summary>
    public static int TapsOf(int sourceSize, int targetSize) =>
        Math.Min(WindowOf(Math.Max(1, (double)sourceSize / targetSize)), sourceSize);

    private static int WindowOf(double stretch) => (int)Math.Ceiling(2 * Radius * stretch) + 1;

    private static double Lanczos(double x)
    {
        if (Math.Abs(x) < 1e-12)
            return 1;
        if (Math.Abs(x) >= Radius)
            return 0;
        double angle = Math.PI * x;
        return Radius * Math.Sin(angle) * Math.Sin(angle / Radius) / (angle * angle);
    }
}

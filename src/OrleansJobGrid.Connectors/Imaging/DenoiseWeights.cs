namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>
/// What a strength means, and the weights of non-local means (A. Buades, B. Coll, J.-M. Morel, "A non-local algorithm for image
/// denoising", CVPR 2005; with this weight in "Non-Local Means Denoising", Image Processing On Line 1, 2011).
/// </summary>
/// <remarks>
/// A pixel p becomes the mean of the pixels q of the 15 x 15 window around it that lie in the picture, each weighted with
/// exp(-max(d² - 2σ², 0) / h²). d² is the mean of the squared differences of the 5 x 5 patches around p and q, over 3 channels of 0
/// to 255. Strength s, 0.01 to 1, stands for noise of the standard deviation σ = 100 s levels, and h = 0.4 σ, as the
/// 2011 paper has it for patches of this size. A window of 21 x 21 with patches of 7 x 7, as in 2005, takes two to
/// three times as long on a CPU for at most 0.4 dB more.
/// </remarks>
internal sealed class DenoiseWeights
{
    public const double DefaultStrength = 0.1;
    public const double MinStrength = 0.01;
    public const double MaxStrength = 1;

    /// <summary>Pixels from a patch's centre to its side: 5 x 5.</summary>
    public const int PatchRadius = 2;

    /// <summary>Pixels from a window's centre to its side: 15 x 15.</summary>
    public const int SearchRadius = 7;

    /// <summary>Squared differences that make up a distance.</summary>
    public const int Terms = 3 * ((2 * PatchRadius) + 1) * ((2 * PatchRadius) + 1);

    /// <summary>Entries of the table for a step of 1 in the exponent: read with interpolation it is exact to 2e-6.</summary>
    private const int Density = 256;

    /// <summary>Beyond exp(-16), 1e-7, a weight is nothing.</summary>
    private const int LargestExponent = 16;

    /// <summary>Makes the weights of a strength.</summary>
    public DenoiseWeights(double strength)
    {
        double sigma = 100 * strength;
        double h = 0.4 * sigma;
        Free = (int)Math.Round(2 * sigma * sigma * Terms);
        Scale = (float)(Density / (h * h * Terms));
        Limit = Free + (int)Math.Ceiling(LargestExponent * h * h * Terms) - 1;
        Table = [.. Enumerable.Range(0, (LargestExponent * Density) + 2).Select(entry => (float)Math.Exp(-(double)entry / Density))];
    }

    /// <summary>Sum of squared differences up to which a weight is 1.</summary>
    public int Free { get; }

    /// <summary>Sum from which on a weight is 0.</summary>
    public int Limit { get; }

    /// <summary>From a sum above <see cref="Free"/> to an index of <see cref="Table"/>.</summary>
    public float Scale { get; }

    /// <summary>
    /// exp(-x) in steps of 1/256: a device's own exponential is exact to a device's own bits, a table gives all the same.
    /// </summary>
    public float[] Table { get; }

    /// <summary>Entries of <see cref="Table"/>.</summary>
    public static int TableLength => (LargestExponent * Density) + 2;
}

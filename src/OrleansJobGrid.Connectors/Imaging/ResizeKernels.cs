using System.Runtime.CompilerServices;
using ILGPU;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>
/// The two passes of a separable resize, one thread an element, the same source for every device. Each element is one sum in
/// ascending order of the source, so the bytes depend neither on the number of threads nor on the size of a launch.
/// </summary>
internal static class ResizeKernels
{
    /// <summary>
    /// Vertical pass: RGBA bytes (8 bits a channel, straight alpha, red lowest) to premultiplied floats, 0 to 255.
    /// </summary>
    /// <param name="index">Column + source width * row of the launch.</param>
    /// <param name="source">Rows of the source from <see cref="VerticalPass.FirstSourceRow"/> on, packed.</param>
    /// <param name="first">First source row of each target row.</param>
    /// <param name="weights">Weights of each target row, <see cref="VerticalPass.Taps"/> a row.</param>
    /// <param name="target">Four floats an element.</param>
    /// <param name="pass">Sizes and offsets.</param>
    // Tiered compilation would run the first pictures unoptimized.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Vertical(
        Index1D index, ArrayView<uint> source, ArrayView<int> first, ArrayView<float> weights, ArrayView<float> target, VerticalPass pass)
    {
        int column = index.X % pass.SourceWidth;
        int row = pass.FirstTargetRow + (index.X / pass.SourceWidth);
        int at = ((first[row] - pass.FirstSourceRow) * pass.SourceWidth) + column;
        int weightAt = row * pass.Taps;
        float red = 0, green = 0, blue = 0, alpha = 0;
        for (int tap = 0; tap < pass.Taps; tap++)
        {
            uint pixel = source[at];
            float coverage = weights[weightAt + tap] * (pixel >> 24);
            float colour = coverage * (1f / 255f);
            red += colour * (pixel & 255);
            green += colour * ((pixel >> 8) & 255);
            blue += colour * ((pixel >> 16) & 255);
            alpha += coverage;
            at += pass.SourceWidth;
        }

        int targetAt = index.X * 4;
        target[targetAt] = red;
        target[targetAt + 1] = green;
        target[targetAt + 2] = blue;
        target[targetAt + 3] = alpha;
    }

    /// <summary>Horizontal pass: premultiplied floats to packed RGBA bytes with straight alpha, rounded half up.</summary>
    /// <param name="index">Target column + target width * row of the launch.</param>
    /// <param name="source">What <see cref="Vertical"/> gave.</param>
    /// <param name="first">First source column of each target column.</param>
    /// <param name="weights">Weights of each target column, <see cref="HorizontalPass.Taps"/> a column.</param>
    /// <param name="target">One packed pixel an element; a pixel with alpha 0 is all zero.</param>
    /// <param name="pass">Sizes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Horizontal(
        Index1D index, ArrayView<float> source, ArrayView<int> first, ArrayView<float> weights, ArrayView<uint> target, HorizontalPass pass)
    {
        int column = index.X % pass.TargetWidth;
        int row = index.X / pass.TargetWidth;
        int at = ((row * pass.SourceWidth) + first[column]) * 4;
        int weightAt = column * pass.Taps;
        float red = 0, green = 0, blue = 0, alpha = 0;
        for (int tap = 0; tap < pass.Taps; tap++)
        {
            float weight = weights[weightAt + tap];
            red += weight * source[at];
            green += weight * source[at + 1];
            blue += weight * source[at + 2];
            alpha += weight * source[at + 3];
            at += 4;
        }

        uint opacity = ToByte(alpha);
        float scale = opacity == 0 ? 0f : 255f / (alpha > 255f ? 255f : alpha);
        target[index.X] = ToByte(red * scale) | (ToByte(green * scale) << 8) | (ToByte(blue * scale) << 16) | (opacity << 24);
    }

    // The negative lobes of the filter overshoot at edges, so both ends are clamped.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ToByte(float value) => value <= 0f ? 0u : value >= 255f ? 255u : (uint)(value + 0.5f);
}

/// <summary>Sizes of a launch of <see cref="ResizeKernels.Vertical"/>.</summary>
internal readonly record struct VerticalPass(int SourceWidth, int FirstSourceRow, int FirstTargetRow, int Taps);

/// <summary>Sizes of a launch of <see cref="ResizeKernels.Horizontal"/>.</summary>
internal readonly record struct HorizontalPass(int SourceWidth, int TargetWidth, int Taps);

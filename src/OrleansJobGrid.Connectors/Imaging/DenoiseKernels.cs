using System.Runtime.CompilerServices;
using ILGPU;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>
/// Non-local means, see <see cref="DenoiseWeights"/>; the same source for every device. A thread takes a run of pixels of one column,
/// so that from one pixel to the next only one row of each patch is new. Distances are sums of whole numbers, and the means are added
/// up in the order of the window: bytes depend neither on threads nor on how rows are cut into launches.
/// </summary>
internal static class DenoiseKernels
{
    /// <summary>Rows of a thread's run.</summary>
    public const int RunRows = 16;

    private const int Patch = DenoiseWeights.PatchRadius;
    private const int Search = DenoiseWeights.SearchRadius;

    /// <summary>Computes the rows of a launch.</summary>
    /// <param name="index">Column + width * run.</param>
    /// <param name="colours">
    /// Packed pixels, straight alpha, with a border: <see cref="Patch"/> columns on each side, <see cref="Patch"/> +
    /// <see cref="Search"/> rows above and below, the picture's own where it has them, else its edge repeated.
    /// </param>
    /// <param name="compared">The same with premultiplied alpha: what differs invisibly is alike.</param>
    /// <param name="table">See <see cref="DenoiseWeights.Table"/>.</param>
    /// <param name="sums">Room for four floats a pixel: red, green, blue, weight.</param>
    /// <param name="target">Packed pixels, straight alpha, the source's; a pixel with alpha 0 is all zero.</param>
    /// <param name="pass">Sizes and offsets.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Means(
        Index1D index,
        ArrayView<uint> colours,
        ArrayView<uint> compared,
        ArrayView<float> table,
        ArrayView<float> sums,
        ArrayView<uint> target,
        DenoisePass pass)
    {
        int column = index.X % pass.Width;
        int first = index.X / pass.Width * RunRows;
        int end = first + RunRows < pass.Rows ? first + RunRows : pass.Rows;
        int stride = pass.Width + (2 * Patch);
        for (int row = first; row < end; row++)
        {
            int at = ((row * pass.Width) + column) * 4;
            sums[at] = 0;
            sums[at + 1] = 0;
            sums[at + 2] = 0;
            sums[at + 3] = 0;
        }

        for (int down = -Search; down <= Search; down++)
        {
            // The rows of the run whose partner lies in the picture.
            int from = first > -pass.FirstRow - down ? first : -pass.FirstRow - down;
            int to = end < pass.Height - pass.FirstRow - down ? end : pass.Height - pass.FirstRow - down;
            if (from >= to)
                continue;
            for (int right = -Search; right <= Search; right++)
            {
                if (column + right >= 0 && column + right < pass.Width)
                    Add(colours, compared, table, sums, pass, column, from, to, stride, (down * stride) + right);
            }
        }

        for (int row = first; row < end; row++)
        {
            int at = ((row * pass.Width) + column) * 4;
            uint alpha = colours[((row + Search + Patch) * stride) + column + Patch] >> 24;
            float scale = alpha == 0 ? 0f : 1f / sums[at + 3];
            target[(row * pass.Width) + column] =
                ToByte(sums[at] * scale) | (ToByte(sums[at + 1] * scale) << 8) | (ToByte(sums[at + 2] * scale) << 16) | (alpha << 24);
        }
    }

    /// <summary>Adds the partners at one offset to the rows of a run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(
        ArrayView<uint> colours,
        ArrayView<uint> compared,
        ArrayView<float> table,
        ArrayView<float> sums,
        DenoisePass pass,
        int column,
        int from,
        int to,
        int stride,
        int offset)
    {
        // The left end of the topmost patch row of the run's first pixel.
        int at = ((from + Search) * stride) + column;
        int row0 = 0;
        int row1 = Row(compared, at, offset);
        int row2 = Row(compared, at + stride, offset);
        int row3 = Row(compared, at + (2 * stride), offset);
        int row4 = Row(compared, at + (3 * stride), offset);
        int distance = row1 + row2 + row3 + row4;
        for (int row = from; row < to; row++)
        {
            int below = Row(compared, at + (4 * stride), offset);
            distance += below - row0;
            row0 = row1;
            row1 = row2;
            row2 = row3;
            row3 = row4;
            row4 = below;
            if (distance < pass.Limit)
            {
                uint partner = colours[at + (Patch * stride) + Patch + offset];
                float weight = Weight(table, distance, pass) * (partner >> 24);
                int sum = ((row * pass.Width) + column) * 4;
                sums[sum] += weight * (partner & 255);
                sums[sum + 1] += weight * ((partner >> 8) & 255);
                sums[sum + 2] += weight * ((partner >> 16) & 255);
                sums[sum + 3] += weight;
            }

            at += stride;
        }
    }

    /// <summary>Squared differences of one row of two patches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Row(ArrayView<uint> compared, int at, int offset) =>
        Squares(compared[at], compared[at + offset])
        + Squares(compared[at + 1], compared[at + 1 + offset])
        + Squares(compared[at + 2], compared[at + 2 + offset])
        + Squares(compared[at + 3], compared[at + 3 + offset])
        + Squares(compared[at + 4], compared[at + 4 + offset]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Squares(uint one, uint other)
    {
        int red = (int)(one & 255) - (int)(other & 255);
        int green = (int)((one >> 8) & 255) - (int)((other >> 8) & 255);
        int blue = (int)((one >> 16) & 255) - (int)((other >> 16) & 255);
        return (red * red) + (green * green) + (blue * blue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Weight(ArrayView<float> table, int distance, DenoisePass pass)
    {
        if (distance <= pass.Free)
            return 1f;
        float place = (distance - pass.Free) * pass.Scale;
        int entry = (int)place;
        return table[entry] + ((place - entry) * (table[entry + 1] - table[entry]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ToByte(float value) => value >= 255f ? 255u : (uint)(value + 0.5f);
}

/// <summary>Sizes of a launch of <see cref="DenoiseKernels.Means"/>; the last three are those of <see cref="DenoiseWeights"/>.</summary>
internal readonly record struct DenoisePass(int Width, int Height, int FirstRow, int Rows, int Free, int Limit, float Scale);

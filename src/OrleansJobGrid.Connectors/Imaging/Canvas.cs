using System.Runtime.InteropServices;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>The output's pixels as they come together.</summary>
internal sealed class Canvas
{
    private readonly ImagingPlan _plan;
    private readonly uint[] _pixels;

    /// <summary>A canvas of the plan's size, filled with its background.</summary>
    public Canvas(ImagingPlan plan)
    {
        _plan = plan;
        _pixels = new uint[plan.Width * plan.Height];
        if (plan.Background is { } background)
            Array.Fill(_pixels, background);
    }

    /// <summary>Puts a tile row in its place, over the background where there is one.</summary>
    /// <param name="row">Where it belongs.</param>
    /// <param name="content">Its packed RGBA bytes.</param>
    public void Put(TileRow row, ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<uint> source = MemoryMarshal.Cast<byte, uint>(content);
        int width = row.Placement.Width;
        for (int line = 0; line < row.Rows; line++)
        {
            int at = ((row.Placement.Y + row.FirstRow + line) * _plan.Width) + row.Placement.X;
            ReadOnlySpan<uint> from = source.Slice(line * width, width);
            Span<uint> to = _pixels.AsSpan(at, width);
            if (_plan.Background is not { } background)
                from.CopyTo(to);
            else
                PutOver(background, from, to);
        }
    }

    /// <summary>The whole picture.</summary>
    public Picture ToPicture() => new(_plan.Width, _plan.Height, _pixels);

    private static void PutOver(uint background, ReadOnlySpan<uint> from, Span<uint> to)
    {
        for (int column = 0; column < from.Length; column++)
        {
            uint pixel = from[column];
            uint alpha = pixel >> 24;
            to[column] = alpha == 255
                ? pixel
                : Mix(pixel, background, alpha, 0) | Mix(pixel, background, alpha, 8) | Mix(pixel, background, alpha, 16) | 0xFF000000;
        }
    }

    private static uint Mix(uint over, uint under, uint alpha, int shift) =>
        (((((over >> shift) & 255) * alpha) + (((under >> shift) & 255) * (255 - alpha)) + 127) / 255) << shift;
}

using OrleansJobGrid.Connectors.Imaging;

namespace OrleansJobGrid.ConnectorTests.Imaging;

internal static class TestPictures
{
    /// <summary>Opaque noise that depends on nothing but its arguments (xorshift).</summary>
    public static Picture Noise(int width, int height, uint seed)
    {
        uint state = (seed * 2654435761) + 1;
        uint[] pixels = new uint[width * height];
        for (int at = 0; at < pixels.Length; at++)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            pixels[at] = state | 0xFF000000;
        }

        return new Picture(width, height, pixels);
    }

    /// <summary>One colour.</summary>
    public static Picture Plain(int width, int height, uint colour)
    {
        uint[] pixels = new uint[width * height];
        Array.Fill(pixels, colour);
        return new Picture(width, height, pixels);
    }

    /// <summary>As a PNG file.</summary>
    public static byte[] Png(Picture picture) => PictureCodec.Encode(picture, PictureFormat.Png);
}

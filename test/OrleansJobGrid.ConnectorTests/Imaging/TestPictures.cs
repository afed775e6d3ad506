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

    /// <summary>
    /// A picture with smooth parts, edges and fine stripes, opaque, and the same with Gaussian noise of a standard deviation (levels of
    /// 255) on each channel.
    /// </summary>
    public static (Picture Clean, Picture Noisy) Noisy(int width, int height, double sigma, uint seed)
    {
        uint[] clean = new uint[width * height], noisy = new uint[width * height];
        uint[] draws = Noise(width * 6, height, seed).Pixels;
        for (int at = 0; at < clean.Length; at++)
        {
            (int x, int y) = (at % width, at / width);
            bool disc = ((x - (width / 2)) * (x - (width / 2))) + ((y - (height / 2)) * (y - (height / 2))) < width * height / 16;
            double[] colour =
            [
                disc ? 200 : 40 + (150.0 * x / width),
                (y / 8 % 2 == 0) ? 180 : 70,
                disc ? 60 : 40 + (150.0 * y / height),
            ];
            for (int channel = 0; channel < 3; channel++)
            {
                // Box and Muller's transform of two even draws.
                double first = ((draws[(at * 6) + (channel * 2)] & 0xFFFFFF) + 1) / 16777217.0;
                double second = (draws[(at * 6) + (channel * 2) + 1] & 0xFFFFFF) / 16777216.0;
                double draw = Math.Sqrt(-2 * Math.Log(first)) * Math.Cos(2 * Math.PI * second);
                clean[at] |= (uint)Math.Round(colour[channel]) << (8 * channel);
                noisy[at] |= (uint)Math.Clamp(Math.Round(colour[channel] + (sigma * draw)), 0, 255) << (8 * channel);
            }

            clean[at] |= 0xFF000000;
            noisy[at] |= 0xFF000000;
        }

        return (new Picture(width, height, clean), new Picture(width, height, noisy));
    }

    /// <summary>Peak signal to noise ratio over red, green and blue, dB.</summary>
    public static double Psnr(Picture one, Picture other)
    {
        double squares = 0;
        for (int at = 0; at < one.Pixels.Length; at++)
        {
            for (int shift = 0; shift < 24; shift += 8)
            {
                double difference = (double)((one.Pixels[at] >> shift) & 255) - ((other.Pixels[at] >> shift) & 255);
                squares += difference * difference;
            }
        }

        return 10 * Math.Log10(255.0 * 255 * 3 * one.Pixels.Length / squares);
    }
}

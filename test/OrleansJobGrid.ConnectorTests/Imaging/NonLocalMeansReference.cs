using OrleansJobGrid.Connectors.Imaging;

namespace OrleansJobGrid.ConnectorTests.Imaging;

/// <summary>The textbook non-local means, pixel by pixel in double precision, with nothing shared between pixels.</summary>
internal static class NonLocalMeansReference
{
    /// <summary>Red, green and blue of a pixel of the result, 0 to 255, not rounded.</summary>
    public static double[] At(Picture source, double strength, int x, int y)
    {
        double sigma = 100 * strength, h = 0.4 * sigma;
        double[] sum = new double[3];
        double weights = 0;
        for (int otherY = Math.Max(0, y - 7); otherY <= Math.Min(source.Height - 1, y + 7); otherY++)
        {
            for (int otherX = Math.Max(0, x - 7); otherX <= Math.Min(source.Width - 1, x + 7); otherX++)
            {
                double excess = Math.Max(Distance(source, x, y, otherX, otherY) - (2 * sigma * sigma), 0);
                uint pixel = source.Pixels[(otherY * source.Width) + otherX];
                double weight = Math.Exp(-excess / (h * h)) * (pixel >> 24) / 255;
                for (int channel = 0; channel < 3; channel++)
                    sum[channel] += weight * ((pixel >> (8 * channel)) & 255);
                weights += weight;
            }
        }

        return weights == 0 ? sum : [.. sum.Select(value => value / weights)];
    }

    private static double Distance(Picture source, int x, int y, int otherX, int otherY)
    {
        double squares = 0;
        for (int down = -2; down <= 2; down++)
        {
            for (int right = -2; right <= 2; right++)
            {
                uint one = Pixel(source, x + right, y + down), other = Pixel(source, otherX + right, otherY + down);
                for (int shift = 0; shift < 24; shift += 8)
                {
                    double difference = Premultiplied(one, shift) - Premultiplied(other, shift);
                    squares += difference * difference;
                }
            }
        }

        return squares / (3 * 25);
    }

    private static uint Pixel(Picture source, int x, int y) =>
        source.Pixels[(Math.Clamp(y, 0, source.Height - 1) * source.Width) + Math.Clamp(x, 0, source.Width - 1)];

    private static double Premultiplied(uint pixel, int shift) => Math.Floor(((((pixel >> shift) & 255) * (pixel >> 24)) + 127) / 255.0);
}

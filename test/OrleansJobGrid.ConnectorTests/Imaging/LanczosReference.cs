using OrleansJobGrid.Connectors.Imaging;

namespace OrleansJobGrid.ConnectorTests.Imaging;

/// <summary>The textbook resize: for each target pixel, all source pixels under the kernel, in double precision, edges repeated.</summary>
internal static class LanczosReference
{
    /// <summary>Premultiplied red, green, blue and alpha of a target pixel, 0 to 255, clamped but not rounded.</summary>
    public static double[] PremultipliedAt(Picture source, int width, int height, int x, int y)
    {
        double ratioX = (double)source.Width / width, ratioY = (double)source.Height / height;
        double stretchX = Math.Max(1, ratioX), stretchY = Math.Max(1, ratioY);
        double centreX = ((x + 0.5) * ratioX) - 0.5, centreY = ((y + 0.5) * ratioY) - 0.5;
        double[] sum = new double[4];
        double weights = 0;
        for (int row = (int)Math.Floor(centreY - (3 * stretchY)); row <= centreY + (3 * stretchY); row++)
        {
            for (int column = (int)Math.Floor(centreX - (3 * stretchX)); column <= centreX + (3 * stretchX); column++)
            {
                double weight = Kernel((row - centreY) / stretchY) * Kernel((column - centreX) / stretchX);
                uint pixel = source.Pixels[(Math.Clamp(row, 0, source.Height - 1) * source.Width) + Math.Clamp(column, 0, source.Width - 1)];
                double alpha = pixel >> 24;
                sum[0] += weight * (pixel & 255) * alpha / 255;
                sum[1] += weight * ((pixel >> 8) & 255) * alpha / 255;
                sum[2] += weight * ((pixel >> 16) & 255) * alpha / 255;
                sum[3] += weight * alpha;
                weights += weight;
            }
        }

        double opacity = Math.Clamp(sum[3] / weights, 0, 255);
        return [.. sum.Take(3).Select(value => Math.Clamp(value / weights, 0, opacity)), opacity];
    }

    private static double Kernel(double x) => x == 0 ? 1 : Math.Abs(x) >= 3 ? 0 : Sinc(x) * Sinc(x / 3);

    private static double Sinc(double x) => Math.Sin(Math.PI * x) / (Math.PI * x);
}

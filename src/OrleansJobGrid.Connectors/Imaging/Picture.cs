namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>A decoded picture.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Pixels">Width * height pixels, row by row: red in the lowest byte, then green, blue, straight alpha; sRGB values.</param>
internal sealed record Picture(int Width, int Height, uint[] Pixels);

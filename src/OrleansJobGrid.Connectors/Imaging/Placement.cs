namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Where an input stands in the output.</summary>
/// <param name="Input">Index into the payload's inputs.</param>
/// <param name="X">Left column.</param>
/// <param name="Y">Top row.</param>
/// <param name="Width">Columns that it is scaled to.</param>
/// <param name="Height">Rows that it is scaled to.</param>
internal sealed record Placement(int Input, int X, int Y, int Width, int Height);

/// <summary>A unit of work that is computed, kept and resumed as a whole.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Placement">The input that it belongs to.</param>
/// <param name="FirstRow">First row within the scaled input.</param>
/// <param name="Rows">Rows, at least 1.</param>
internal sealed record TileRow(int Number, Placement Placement, int FirstRow, int Rows);

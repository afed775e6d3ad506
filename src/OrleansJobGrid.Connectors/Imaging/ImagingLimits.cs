namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Limits of the service, the same for payloads, inputs and outputs.</summary>
internal static class ImagingLimits
{
    /// <summary>Longest side of a picture in pixels, read or written.</summary>
    public const int MaxSize = 16384;

    /// <summary>Longest side of a WebP file, set by its format.</summary>
    public const int MaxWebpSize = 16383;

    /// <summary>Most inputs of a job.</summary>
    public const int MaxInputs = 256;

    /// <summary>Longest output file name.</summary>
    public const int MaxOutputName = 100;

    /// <summary>Rows of a tile row, unless that gave more than <see cref="MaxTileRows"/> of them.</summary>
    public const int TileRowHeight = 64;

    /// <summary>Most tile rows of a job, so that a checkpoint naming them all stays small.</summary>
    public const int MaxTileRows = 256;

    /// <summary>Most rows of one launch on a device, so that its memory does not grow with a picture's height.</summary>
    public const int LaunchRows = 64;
}

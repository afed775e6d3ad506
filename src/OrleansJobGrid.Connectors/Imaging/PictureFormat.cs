namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>What an output is encoded as.</summary>
internal enum PictureFormat
{
    /// <summary>File names ending in .png.</summary>
    Png,

    /// <summary>File names ending in .jpg or .jpeg.</summary>
    Jpeg,

    /// <summary>File names ending in .webp.</summary>
    Webp,
}

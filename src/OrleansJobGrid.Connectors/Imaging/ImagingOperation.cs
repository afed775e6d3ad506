namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>What a job asks for.</summary>
internal enum ImagingOperation
{
    /// <summary>One picture to a size.</summary>
    Resize,

    /// <summary>Many pictures on one sheet.</summary>
    ContactSheet,

    /// <summary>One picture with less noise, at its size.</summary>
    Denoise,
}

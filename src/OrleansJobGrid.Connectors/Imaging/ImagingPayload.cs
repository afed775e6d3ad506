namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>A payload that was read and found valid; see <see cref="ImagingPayloadReader"/>.</summary>
/// <param name="Operation">What to do.</param>
/// <param name="Inputs">Artefact ids: exactly 1 for a resize, 1 to 256 for a contact sheet.</param>
/// <param name="Width">Of the picture, or of a cell of the sheet; null: by the aspect (resize).</param>
/// <param name="Height">As <paramref name="Width"/>.</param>
/// <param name="Columns">Cells in a row of the sheet; 1 for a resize.</param>
/// <param name="Output">File name of the result.</param>
/// <param name="Format">By the extension of <paramref name="Output"/>.</param>
internal sealed record ImagingPayload(
    ImagingOperation Operation, IReadOnlyList<string> Inputs, int? Width, int? Height, int Columns, string Output, PictureFormat Format)
{
    /// <summary>The operation as the payload names it.</summary>
    public string OperationName => Operation == ImagingOperation.Resize ? "resize" : "contact_sheet";

    /// <summary>The format's name in a result.</summary>
    public string FormatName => Format.ToString().ToLowerInvariant();
}

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>A payload that was read and found valid; see <see cref="ImagingPayloadReader"/>.</summary>
/// <param name="Operation">What to do.</param>
/// <param name="Inputs">Artefact ids: 1 to 256 for a contact sheet, else exactly 1.</param>
/// <param name="Width">Of the picture, or of a cell of the sheet; null: by the aspect (resize), or none (denoise).</param>
/// <param name="Height">As <paramref name="Width"/>.</param>
/// <param name="Columns">Cells in a row of the sheet; else 1.</param>
/// <param name="Strength">Of a denoise, 0.01 to 1; else 0.</param>
/// <param name="Output">File name of the result.</param>
/// <param name="Format">By the extension of <paramref name="Output"/>.</param>
internal sealed record ImagingPayload(
    ImagingOperation Operation,
    IReadOnlyList<string> Inputs,
    int? Width,
    int? Height,
    int Columns,
    double Strength,
    string Output,
    PictureFormat Format)
{
    /// <summary>The operation as the payload names it.</summary>
    public string OperationName => NameOf(Operation);

    /// <summary>The format's name in a result.</summary>
    public string FormatName => Format.ToString().ToLowerInvariant();

    /// <summary>An operation as payloads name it.</summary>
    public static string NameOf(ImagingOperation operation) => operation switch
    {
        ImagingOperation.Resize => "resize",
        ImagingOperation.ContactSheet => "contact_sheet",
        ImagingOperation.Denoise => "denoise",
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "No such operation."),
    };
}

using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>The output's geometry and its tile rows: a function of the payload, the inputs' sizes and the kind of device alone.</summary>
internal sealed class ImagingPlan
{
    // Raised when the same payload would give other pixels, so that no picture mixes two versions.
    private const string ScalingVersion = "imaging/1 lanczos3";
    private const string DenoiseVersion = "imaging/1 nlm5x15";

    /// <summary>Background of a contact sheet, packed RGBA: #202020.</summary>
    private const uint SheetBackground = 0xFF202020;

    /// <summary>What shows through a transparent picture in a JPEG file: white.</summary>
    private const uint JpegBackground = 0xFFFFFFFF;

    private ImagingPlan(
        ImagingPayload payload, DeviceKind kind, int width, int height, uint? background, IReadOnlyList<Placement> placements)
    {
        Width = width;
        Height = height;
        Background = background;
        Placements = placements;
        TileRows = Split(placements);
        Fingerprint = FingerprintOf(payload, kind);
    }

    /// <summary>Columns of the output.</summary>
    public int Width { get; }

    /// <summary>Rows of the output.</summary>
    public int Height { get; }

    /// <summary>What lies under the pictures, packed RGBA; null: nothing, pixels keep their alpha.</summary>
    public uint? Background { get; }

    /// <summary>The inputs in their order.</summary>
    public IReadOnlyList<Placement> Placements { get; }

    /// <summary>All tile rows, at most 256, in the order of computation: input by input, top to bottom.</summary>
    public IReadOnlyList<TileRow> TileRows { get; }

    /// <summary>
    /// SHA-256 over the payload, the geometry, the version of the pixels and the kind of device, hex: what a checkpoint is bound to.
    /// A CPU and a GPU round some pixels differently, and no picture mixes the two.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>Lays the output out.</summary>
    /// <param name="payload">A valid payload.</param>
    /// <param name="sizes">Width and height of each input.</param>
    /// <param name="kind">What will compute the pixels.</param>
    /// <returns>The plan, or the failure that says why the output cannot have its size.</returns>
    public static (ImagingPlan? Plan, ConnectorResult? Failure) Create(
        ImagingPayload payload, IReadOnlyList<(int Width, int Height)> sizes, DeviceKind kind)
    {
        (int Width, int Height) size = payload.Operation switch
        {
            ImagingOperation.Resize => ResizeSize(payload, sizes[0]),
            ImagingOperation.ContactSheet => SheetSize(payload),
            _ => sizes[0],
        };
        int max = payload.Format == PictureFormat.Webp ? ImagingLimits.MaxWebpSize : ImagingLimits.MaxSize;
        if (size.Width > max || size.Height > max)
        {
            return (null, ImagingPayloadReader.Invalid(
                $"{Asked(payload, sizes[0])} {size.Width} x {size.Height} pixels; "
                + $"a {payload.FormatName} output has at most {max} a side; ask for less."));
        }

        if (payload.Operation != ImagingOperation.ContactSheet)
        {
            uint? under = payload.Format == PictureFormat.Jpeg ? JpegBackground : null;
            var whole = new Placement(0, 0, 0, size.Width, size.Height);
            return (new ImagingPlan(payload, kind, size.Width, size.Height, under, [whole]), null);
        }

        Placement[] placements = [.. sizes.Select((source, index) => Place(payload, index, source))];
        return (new ImagingPlan(payload, kind, size.Width, size.Height, SheetBackground, placements), null);
    }

    private static string Asked(ImagingPayload payload, (int Width, int Height) source) => payload.Operation switch
    {
        ImagingOperation.Resize => $"width, height: {source.Width} x {source.Height} scaled this way give",
        ImagingOperation.ContactSheet =>
            $"width, height, columns: {payload.Inputs.Count} cells of {payload.Width} x {payload.Height} in {payload.Columns} columns give",
        _ => "output: the picture has",
    };

    private static (int Width, int Height) ResizeSize(ImagingPayload payload, (int Width, int Height) source) =>
        (payload.Width, payload.Height) switch
        {
            (int width, int height) => (width, height),
            (int width, null) => (width, Proportion(source.Height, width, source.Width)),
            (null, int height) => (Proportion(source.Width, height, source.Height), height),
            _ => throw new ArgumentException("A resize has a width or a height.", nameof(payload)),
        };

    private static (int Width, int Height) SheetSize(ImagingPayload payload)
    {
        int rows = (payload.Inputs.Count + payload.Columns - 1) / payload.Columns;
        return (payload.Columns * payload.Width!.Value, rows * payload.Height!.Value);
    }

    private static Placement Place(ImagingPayload payload, int index, (int Width, int Height) source)
    {
        (int cellWidth, int cellHeight) = (payload.Width!.Value, payload.Height!.Value);
        int margin = Math.Min(cellWidth, cellHeight) / 32;
        (int roomX, int roomY) = (cellWidth - (2 * margin), cellHeight - (2 * margin));
        bool byWidth = (long)roomX * source.Height <= (long)roomY * source.Width;
        int width = byWidth ? roomX : Math.Min(roomX, Proportion(source.Width, roomY, source.Height));
        int height = byWidth ? Math.Min(roomY, Proportion(source.Height, roomX, source.Width)) : roomY;
        int x = (index % payload.Columns * cellWidth) + ((cellWidth - width) / 2);
        int y = (index / payload.Columns * cellHeight) + ((cellHeight - height) / 2);
        return new Placement(index, x, y, width, height);
    }

    /// <summary>size * target / source to the nearest whole number, halves up, at least 1.</summary>
    private static int Proportion(int size, int target, int source) =>
        (int)Math.Max(1, ((2L * size * target) + source) / (2L * source));

    private static List<TileRow> Split(IReadOnlyList<Placement> placements)
    {
        int height = ImagingLimits.TileRowHeight;
        while (placements.Sum(placement => (placement.Height + height - 1) / height) > ImagingLimits.MaxTileRows)
            height *= 2;
        List<TileRow> rows = [];
        foreach (Placement placement in placements)
        {
            for (int first = 0; first < placement.Height; first += height)
                rows.Add(new TileRow(rows.Count, placement, first, Math.Min(height, placement.Height - first)));
        }

        return rows;
    }

    private string FingerprintOf(ImagingPayload payload, DeviceKind kind)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            byte[] length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        Add(payload.Operation == ImagingOperation.Denoise ? DenoiseVersion : ScalingVersion);
        if (kind != DeviceKind.Cpu)
            Add(kind.ToString());
        if (payload.Operation == ImagingOperation.Denoise)
            Add(payload.Strength.ToString("R", CultureInfo.InvariantCulture));
        Add(payload.OperationName);
        Add(payload.FormatName);
        foreach (Placement placement in Placements)
        {
            Add(payload.Inputs[placement.Input]);
            Add($"{placement.X} {placement.Y} {placement.Width} {placement.Height}");
        }

        Add($"{Width} {Height} {TileRows.Count}");
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

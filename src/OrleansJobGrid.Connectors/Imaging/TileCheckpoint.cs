using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Which tile rows are kept, where, and with what hash. At 256 tile rows some 30 KB.</summary>
internal sealed class TileCheckpoint
{
    private readonly string _fingerprint;
    private readonly SortedDictionary<int, TilePiece> _pieces = [];

    private TileCheckpoint(string fingerprint) => _fingerprint = fingerprint;

    private string NamePrefix => $"tile-row-{_fingerprint[..8]}-";

    /// <summary>Tile rows computed by all runs that this checkpoint knows of; one computed twice counts twice.</summary>
    public int ComputedTileRows { get; private set; }

    /// <summary>Kept tile rows by number.</summary>
    public IReadOnlyDictionary<int, TilePiece> Pieces => _pieces;

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="state">What was saved; null: nothing was.</param>
    /// <param name="plan">The plan that it must belong to.</param>
    /// <returns>The checkpoint, and why a saved state was set aside for an empty one; null where it was not.</returns>
    public static (TileCheckpoint Checkpoint, string? Ignored) Read(ReadOnlyMemory<byte>? state, ImagingPlan plan)
    {
        var empty = new TileCheckpoint(plan.Fingerprint);
        if (state is null)
            return (empty, null);
        Stored? stored;
        try
        {
            stored = JsonSerializer.Deserialize<Stored>(state.Value.Span);
        }
        catch (JsonException exception)
        {
            return (empty, $"The saved checkpoint cannot be read ({exception.Message}); all tile rows are computed anew.");
        }

        if (stored?.Fingerprint != plan.Fingerprint)
            return (empty, "The saved checkpoint belongs to another payload or version; all tile rows are computed anew.");
        var read = new TileCheckpoint(plan.Fingerprint) { ComputedTileRows = stored.Computed };
        foreach (StoredPiece piece in stored.Pieces)
        {
            if (piece.TileRow < 0 || piece.TileRow >= plan.TileRows.Count || piece.Folder < 0 || piece.Folder >= stored.Folders.Count)
                return (empty, $"The saved checkpoint names tile row {piece.TileRow} of {plan.TileRows.Count}; all tile rows are computed anew.");
            read._pieces[piece.TileRow] = new TilePiece(stored.Folders[piece.Folder] + piece.Name);
        }

        return (read, null);
    }

    /// <summary>
    /// The name of a tile row's piece, which tells what it belongs to and its hash: so it is worth something also where the run was
    /// killed before a checkpoint that names it became durable.
    /// </summary>
    public string NameOf(int tileRow, ReadOnlySpan<byte> content) =>
        $"{NamePrefix}{tileRow:D3}-{TilePiece.HashOf(content)}.rgba";

    /// <summary>Notes the tile rows of this plan that were kept after the last durable checkpoint.</summary>
    public void AddKept(IReadOnlyList<string> scratchIds, int tileRows)
    {
        foreach (string id in scratchIds)
        {
            string[] parts = id[(id.LastIndexOf('/') + 1)..].Split('-', '.');
            if (parts is [_, _, _, var number, { Length: 64 }, _] && id.Contains(NamePrefix, StringComparison.Ordinal)
                && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int row) && row < tileRows
                && _pieces.TryAdd(row, new TilePiece(id)))
            {
                ComputedTileRows++;
            }
        }
    }

    /// <summary>Notes a tile row that was computed and kept.</summary>
    public void Add(int tileRow, string scratchId)
    {
        _pieces[tileRow] = new TilePiece(scratchId);
        ComputedTileRows++;
    }

    /// <summary>Forgets a tile row whose piece is gone or is not what was kept.</summary>
    public void Remove(int tileRow) => _pieces.Remove(tileRow);

    /// <summary>As UTF-8 JSON. The pieces of one run share a folder, which is written once.</summary>
    public byte[] ToBytes()
    {
        List<string> folders = [];
        List<StoredPiece> pieces = [];
        foreach ((int tileRow, TilePiece piece) in _pieces)
        {
            int cut = piece.ScratchId.LastIndexOf('/') + 1;
            string folder = piece.ScratchId[..cut];
            if (!folders.Contains(folder))
                folders.Add(folder);
            pieces.Add(new StoredPiece(tileRow, folders.IndexOf(folder), piece.ScratchId[cut..]));
        }

        return JsonSerializer.SerializeToUtf8Bytes(new Stored(_fingerprint, ComputedTileRows, folders, pieces));
    }

    private sealed record Stored(
        [property: JsonPropertyName("fingerprint"), JsonRequired] string Fingerprint,
        [property: JsonPropertyName("computed_tile_rows"), JsonRequired] int Computed,
        [property: JsonPropertyName("folders"), JsonRequired] IReadOnlyList<string> Folders,
        [property: JsonPropertyName("pieces"), JsonRequired] IReadOnlyList<StoredPiece> Pieces);

    private sealed record StoredPiece(
        [property: JsonPropertyName("t"), JsonRequired] int TileRow,
        [property: JsonPropertyName("f"), JsonRequired] int Folder,
        [property: JsonPropertyName("n"), JsonRequired] string Name);
}

/// <summary>A kept tile row.</summary>
/// <param name="ScratchId">Where its packed RGBA bytes are; the name at its end holds their hash.</param>
internal sealed record TilePiece(string ScratchId)
{
    /// <summary>SHA-256, lowercase hex.</summary>
    public static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Whether these are the bytes that were kept.</summary>
    public bool Is(ReadOnlySpan<byte> content) => ScratchId.EndsWith($"-{HashOf(content)}.rgba", StringComparison.Ordinal);
}

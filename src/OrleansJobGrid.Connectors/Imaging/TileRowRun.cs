namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>One attempt's way through the tile rows: reads back what is kept, computes the rest, keeps each as it comes.</summary>
internal sealed class TileRowRun : IDisposable
{
    private readonly IJobContext _context;
    private readonly ImagingPayload _payload;
    private readonly ImagingPlan _plan;
    private readonly InputPictures _inputs;
    private readonly ImagingDevice _device;
    private readonly ImagingOptions _options;
    private readonly Canvas _canvas;
    private readonly TileCheckpoint _checkpoint;
    private Placement? _current;
    private IPictureRows? _rows;
    private int _done;

    /// <summary>Reads the context's checkpoint.</summary>
    public TileRowRun(
        IJobContext context, ImagingPayload payload, ImagingPlan plan, InputPictures inputs, ImagingDevice device, ImagingOptions options)
    {
        _context = context;
        _payload = payload;
        _plan = plan;
        _inputs = inputs;
        _device = device;
        _options = options;
        _canvas = new Canvas(plan);
        (_checkpoint, CheckpointIgnored) = TileCheckpoint.Read(context.Checkpoint, plan);
    }

    /// <summary>Why a saved checkpoint was not used; null where it was, or where there was none.</summary>
    public string? CheckpointIgnored { get; }

    /// <summary>Tile rows computed by this and the earlier runs.</summary>
    public int ComputedTileRows => _checkpoint.ComputedTileRows;

    /// <summary>Tile rows that this run took from earlier ones.</summary>
    public int ResumedTileRows { get; private set; }

    /// <summary>Goes through all tile rows.</summary>
    /// <returns>The finished picture.</returns>
    public async Task<Picture> CompleteAsync(CancellationToken cancellationToken)
    {
        if (CheckpointIgnored is not null)
            _context.ReportProgress(0, CheckpointIgnored);
        _checkpoint.AddKept(await _context.Files.ListScratchAsync(cancellationToken), _plan.TileRows.Count);
        List<TileRow> missing = [];
        foreach (TileRow row in _plan.TileRows)
        {
            if (!await ResumeAsync(row, cancellationToken))
                missing.Add(row);
        }

        ResumedTileRows = _done;
        if (_done > 0)
            Report("resumed at");
        foreach (TileRow row in missing)
            await ComputeAsync(row, cancellationToken);
        return _canvas.ToPicture();
    }

    private async Task<bool> ResumeAsync(TileRow row, CancellationToken cancellationToken)
    {
        if (!_checkpoint.Pieces.TryGetValue(row.Number, out TilePiece? piece))
            return false;
        byte[]? content = await _context.Files.ReadScratchAsync(piece.ScratchId, cancellationToken);
        if (content is null || !piece.Is(content))
        {
            _checkpoint.Remove(row.Number);
            return false;
        }

        _canvas.Put(row, content);
        _done++;
        return true;
    }

    private async Task ComputeAsync(TileRow row, CancellationToken cancellationToken)
    {
        IPictureRows rows = await RowsOfAsync(row.Placement, cancellationToken);
        byte[] content = await rows.ComputeRowsAsync(row.FirstRow, row.Rows, cancellationToken);

        // The piece first: a checkpoint never names what is not kept.
        string scratchId = await _context.Files.WriteScratchAsync(_checkpoint.NameOf(row.Number, content), content, cancellationToken);
        _checkpoint.Add(row.Number, scratchId);
        await _context.SaveCheckpointAsync(_checkpoint.ToBytes(), cancellationToken);
        _canvas.Put(row, content);
        _done++;
        Report("computed");
        if (_options.TileRowKept is { } kept)
            await kept(_done, cancellationToken);
    }

    private async Task<IPictureRows> RowsOfAsync(Placement placement, CancellationToken cancellationToken)
    {
        if (_rows is not null && _current == placement)
            return _rows;
        _rows?.Dispose();
        _rows = null;
        Picture source = await _inputs.DecodeAsync(placement.Input, cancellationToken);
        _rows = _payload.Operation == ImagingOperation.Denoise
            ? new PictureDenoiser(_device, source, _payload.Strength)
            : new PictureResizer(_device, source, placement.Width, placement.Height);
        _current = placement;
        return _rows;
    }

    private void Report(string what) =>
        _context.ReportProgress(100.0 * _done / _plan.TileRows.Count, $"{what} tile row {_done} of {_plan.TileRows.Count}");

    /// <inheritdoc/>
    public void Dispose() => _rows?.Dispose();
}

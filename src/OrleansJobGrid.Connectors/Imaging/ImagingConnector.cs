using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>
/// The service <c>imaging</c>: pictures resized by Lanczos 3, one or many on a contact sheet. Payload, limits and results are
/// described in <c>docs/imaging.md</c>.
/// </summary>
/// <remarks>
/// The work goes by tile rows; each is kept as a scratch piece with a checkpoint behind it, so that the next run of a killed job
/// computes only what is missing and gives the same bytes.
/// </remarks>
public sealed class ImagingConnector : IConnector, IDisposable
{
    private readonly ImagingOptions _options;
    private readonly Lazy<ImagingDevice> _device;

    /// <summary>A connector whose device is opened by <see cref="StartAsync"/>, or by the first job.</summary>
    public ImagingConnector(ImagingOptions? options = null)
    {
        _options = options ?? new ImagingOptions();
        _device = new Lazy<ImagingDevice>(() => new ImagingDevice(_options.Threads));
    }

    /// <inheritdoc/>
    public string Service => "imaging";

    /// <inheritdoc/>
    public WorkLocation Location => WorkLocation.InProcess;

    /// <inheritdoc/>
    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(10);

    /// <summary>Opens the device and takes one small picture the whole way, so that a missing library shows here and not in a job.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.Run(() => WarmUpAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);

        // Decoding, kernels and encoding block their thread, which must not be the caller's.
        return Task.Run(() => RunAsync(context, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_device.IsValueCreated)
            _device.Value.Dispose();
    }

    private async Task<ConnectorResult> RunAsync(IJobContext context, CancellationToken cancellationToken)
    {
        (ImagingPayload? payload, ConnectorResult? refusal) = ImagingPayloadReader.Read(context.Payload);
        if (payload is null)
            return refusal!;
        var inputs = new InputPictures(context.Files, payload.Inputs);
        try
        {
            (ImagingPlan? plan, refusal) = ImagingPlan.Create(payload, await inputs.ReadSizesAsync(cancellationToken));
            return plan is null ? refusal! : await RunAsync(context, payload, plan, inputs, cancellationToken);
        }
        catch (InputException exception)
        {
            return ConnectorResult.Failed(FailureEvidence.Of(exception, "prepare") with
            {
                Message = exception.Message,
                KnownClass = FailureClass.Malformed,
                KnownReason = exception.Reason,
            });
        }
    }

    private async Task<ConnectorResult> RunAsync(
        IJobContext context, ImagingPayload payload, ImagingPlan plan, InputPictures inputs, CancellationToken cancellationToken)
    {
        using var run = new TileRowRun(context, plan, inputs, _device.Value, _options);
        Picture picture = await run.CompleteAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        using var file = new MemoryStream(PictureCodec.Encode(picture, payload.Format), writable: false);
        JobOutput output = await context.Files.WriteOutputAsync(payload.Output, file, cancellationToken);
        var result = new JsonObject
        {
            ["operation"] = payload.OperationName,
            ["width"] = plan.Width,
            ["height"] = plan.Height,
            ["format"] = payload.FormatName,
            ["tile_rows"] = plan.TileRows.Count,
            ["computed_tile_rows"] = run.ComputedTileRows,
            ["resumed_tile_rows"] = run.ResumedTileRows,
        };
        if (run.CheckpointIgnored is not null)
            result["checkpoint_ignored"] = run.CheckpointIgnored;
        return ConnectorResult.Completed(result, [output]);
    }

    private async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        byte[] file = PictureCodec.Encode(new Picture(2, 2, [0xFF0000FF, 0xFF00FF00, 0xFFFF0000, 0xFFFFFFFF]), PictureFormat.Png);
        using var resizer = new PictureResizer(_device.Value, PictureCodec.Decode(file), 4, 4);
        await resizer.ResizeRowsAsync(0, 4, cancellationToken);
    }
}

using System.Text.Json.Nodes;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>
/// The service <c>imaging</c>: pictures resized by Lanczos 3, one or many on a contact sheet, and noise taken out by non-local means.
/// Payload, limits and results are described in <c>docs/imaging.md</c>.
/// </summary>
/// <remarks>
/// The work goes by tile rows; each is kept as a scratch piece with a checkpoint behind it, so that the next run of a killed job
/// computes only what is missing and gives the same bytes.
/// </remarks>
public sealed class ImagingConnector : IConnector, IDisposable
{
    private readonly ImagingOptions _options;
    private readonly ImagingDevices _devices;

    /// <summary>A connector whose devices are opened by <see cref="StartAsync"/>, and by the first job of a worker's GPU.</summary>
    public ImagingConnector(ImagingOptions? options = null)
        : this(options ?? new ImagingOptions(), null)
    {
    }

    internal ImagingConnector(ImagingOptions options, ImagingDevices? devices)
    {
        _options = options;
        _devices = devices ?? new ImagingDevices(
            (gpu, onlyGpu) => DeviceChoice.Choose(options.Device, CudaDriver.Look(), gpu, onlyGpu),
            found => new ImagingDevice(DeviceChoice.Open(found, options.Threads)));
    }

    /// <inheritdoc/>
    public string Service => "imaging";

    /// <inheritdoc/>
    public WorkLocation Location => WorkLocation.InProcess;

    /// <inheritdoc/>
    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(10);

    /// <summary>
    /// Opens the device of the settings and takes one small picture the whole way, so that a missing library or device shows here and
    /// not in a job.
    /// </summary>
    /// <exception cref="ImagingDeviceException">The device of the settings is not there.</exception>
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
        _devices.Dispose();
    }

    private async Task<ConnectorResult> RunAsync(IJobContext context, CancellationToken cancellationToken)
    {
        (ImagingPayload? payload, ConnectorResult? refusal) = ImagingPayloadReader.Read(context.Payload);
        if (payload is null)
            return refusal!;
        var inputs = new InputPictures(context.Files, payload.Inputs);
        try
        {
            IReadOnlyList<(int Width, int Height)> sizes = await inputs.ReadSizesAsync(cancellationToken);
            using ImagingDevices.Use use = _devices.Enter(context.Gpu);
            try
            {
                return await RunAsync(context, payload, inputs, sizes, use, cancellationToken);
            }
            catch (AcceleratorException exception) when (!GpuMemoryFailure.IsOutOfMemory(exception))
            {
                use.Broke();
                string code = exception is CudaException { Error: { Length: > 0 } error } ? $" ({error})" : "";
                return Broken(exception, $"{use.Device.Name} failed: {exception.Message}{code}", "run");
            }
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
        catch (CudaException exception) when (GpuMemoryFailure.IsOutOfMemory(exception))
        {
            // Not even the device's context found room.
            return GpuMemoryFailure.Of(exception, neededMb: null, memory: null, "The CUDA device");
        }
        catch (Exception exception) when (exception is ImagingDeviceException or AcceleratorException)
        {
            return Broken(exception, exception.Message, "prepare");
        }
    }

    private async Task<ConnectorResult> RunAsync(
        IJobContext context,
        ImagingPayload payload,
        InputPictures inputs,
        IReadOnlyList<(int Width, int Height)> sizes,
        ImagingDevices.Use use,
        CancellationToken cancellationToken)
    {
        ImagingDevice device = use.Device;
        (ImagingPlan? plan, ConnectorResult? refusal) = ImagingPlan.Create(payload, sizes, device.Kind);
        if (plan is null)
            return refusal!;
        long neededMb = ImagingEnvelope.GpuMemoryMb(
            payload.Operation, plan.Placements.Select(placement => (sizes[placement.Input], (placement.Width, placement.Height))));
        refusal = GpuMemoryFailure.Check(neededMb, device.ReadMemory(), device.Name);
        return refusal ?? await RunAsync(context, payload, plan, neededMb, inputs, use, cancellationToken);
    }

    private async Task<ConnectorResult> RunAsync(
        IJobContext context,
        ImagingPayload payload,
        ImagingPlan plan,
        long neededMb,
        InputPictures inputs,
        ImagingDevices.Use use,
        CancellationToken cancellationToken)
    {
        ImagingDevice device = use.Device;
        using var run = new TileRowRun(context, payload, plan, inputs, device, _options);
        Picture picture;
        try
        {
            picture = await run.CompleteAsync(cancellationToken);
        }
        catch (CudaException exception) when (GpuMemoryFailure.IsOutOfMemory(exception))
        {
            return GpuMemoryFailure.Of(exception, neededMb, device.ReadMemory(), device.Name);
        }

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
            ["device"] = device.Name,
        };
        if (use.Note is not null)
            result["device_note"] = use.Note;
        if (run.CheckpointIgnored is not null)
            result["checkpoint_ignored"] = run.CheckpointIgnored;
        return ConnectorResult.Completed(result, [output]);
    }

    private async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        byte[] file = PictureCodec.Encode(new Picture(2, 2, [0xFF0000FF, 0xFF00FF00, 0xFFFF0000, 0xFFFFFFFF]), PictureFormat.Png);
        using ImagingDevices.Use use = _devices.Enter(gpu: null);
        using var resizer = new PictureResizer(use.Device, PictureCodec.Decode(file), 4, 4);
        await resizer.ComputeRowsAsync(0, 4, cancellationToken);
    }

    private static ConnectorResult Broken(Exception exception, string message, string stage) =>
        ConnectorResult.Failed(FailureEvidence.Of(exception, stage) with { Message = message, KnownReason = FailureReason.GpuError });
}

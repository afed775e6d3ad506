using ILGPU;
using ILGPU.Runtime;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>An accelerator and its kernels, loaded once. Which one it is, <see cref="DeviceChoice"/> says.</summary>
/// <remarks>
/// An accelerator serves one caller at a time; <see cref="EnterAsync"/> hands it out, first come first served, for one launch's
/// work, so that jobs of several slots interleave. A CPU launch uses all threads of the device.
/// </remarks>
internal sealed class ImagingDevice : IDisposable
{
    private readonly OpenDevice _open;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Action<
        AcceleratorStream, Index1D, ArrayView<uint>, ArrayView<int>, ArrayView<float>, ArrayView<float>, VerticalPass> _vertical;
    private readonly Action<
        AcceleratorStream, Index1D, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<uint>, HorizontalPass> _horizontal;
    private readonly Action<
        AcceleratorStream, Index1D, ArrayView<uint>, ArrayView<uint>, ArrayView<float>, ArrayView<float>, ArrayView<uint>, DenoisePass> _means;

    /// <summary>Opens the device that the settings ask for and compiles the kernels (some 0.3 s in a fresh process).</summary>
    /// <exception cref="ImagingDeviceException">There is no such device.</exception>
    public ImagingDevice(ImagingOptions options)
        : this(DeviceChoice.Open(options))
    {
    }

    /// <summary>Compiles the kernels for an open device, which it closes at its end.</summary>
    internal ImagingDevice(OpenDevice open)
    {
        _open = open;
        _vertical = Grouped(
            (Action<Index1D, ArrayView<uint>, ArrayView<int>, ArrayView<float>, ArrayView<float>, VerticalPass>)ResizeKernels.Vertical,
            Accelerator.LoadAutoGroupedKernel,
            Accelerator.LoadImplicitlyGroupedKernel);
        _horizontal = Grouped(
            (Action<Index1D, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<uint>, HorizontalPass>)ResizeKernels.Horizontal,
            Accelerator.LoadAutoGroupedKernel,
            Accelerator.LoadImplicitlyGroupedKernel);
        _means = Grouped(
            (Action<Index1D, ArrayView<uint>, ArrayView<uint>, ArrayView<float>, ArrayView<float>, ArrayView<uint>, DenoisePass>)
                DenoiseKernels.Means,
            Accelerator.LoadAutoGroupedKernel,
            Accelerator.LoadImplicitlyGroupedKernel);
    }

    /// <summary>Allocates buffers; only inside a turn.</summary>
    public Accelerator Accelerator => _open.Accelerator;

    /// <summary>What it is.</summary>
    public DeviceKind Kind => _open.Kind;

    /// <summary><c>cpu</c>, or the GPU's name and uuid.</summary>
    public string Name => _open.Name;

    /// <summary>Waits for this caller's turn; disposing the answer ends it.</summary>
    public async ValueTask<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        return new Turn(_turn);
    }

    /// <summary>The device's memory now; null: it has none of its own.</summary>
    public GpuMemory? ReadMemory() => _open.ReadMemory?.Invoke();

    /// <summary>Both passes over <paramref name="rows"/> target rows, finished when it returns; only inside a turn.</summary>
    public void Resize(ResizeBuffers buffers, int rows, VerticalPass vertical, HorizontalPass horizontal)
    {
        AcceleratorStream stream = Accelerator.DefaultStream;
        int betweenPixels = rows * vertical.SourceWidth;
        _vertical(stream, betweenPixels, buffers.Source.View, buffers.FirstRows.View, buffers.RowWeights.View, buffers.Between.View, vertical);
        int targetPixels = rows * horizontal.TargetWidth;
        _horizontal(
            stream, targetPixels, buffers.Between.View, buffers.FirstColumns.View, buffers.ColumnWeights.View, buffers.Target.View, horizontal);
        stream.Synchronize();
    }

    /// <summary>The rows of <paramref name="pass"/>, finished when it returns; only inside a turn.</summary>
    public void Denoise(DenoiseBuffers buffers, DenoisePass pass)
    {
        AcceleratorStream stream = Accelerator.DefaultStream;
        int runs = (pass.Rows + DenoiseKernels.RunRows - 1) / DenoiseKernels.RunRows;
        _means(
            stream,
            runs * pass.Width,
            buffers.Colours.View,
            buffers.Compared.View,
            buffers.Table.View,
            buffers.Sums.View,
            buffers.Target.View,
            pass);
        stream.Synchronize();
    }

    private TLaunch Grouped<TKernel, TLaunch>(TKernel kernel, Func<TKernel, TLaunch> auto, Func<TKernel, int, TLaunch> sized) =>
        _open.GroupSize is { } size ? sized(kernel, size) : auto(kernel);

    /// <inheritdoc/>
    public void Dispose()
    {
        Accelerator.Dispose();
        _open.Context.Dispose();
        _turn.Dispose();
    }

    /// <summary>A caller's turn on the device.</summary>
    internal readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        /// <summary>Hands the device to the next caller.</summary>
        public void Dispose() => turn.Release();
    }
}

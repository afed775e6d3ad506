using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>
/// The one accelerator of this process and its kernels, loaded once. The choice of a device is made here and nowhere else: the CPU.
/// </summary>
/// <remarks>
/// An accelerator serves one caller at a time; <see cref="EnterAsync"/> hands it out, first come first served, for one launch's
/// work, so that jobs of several slots interleave. A CPU launch uses all threads of the device.
/// </remarks>
internal sealed class ImagingDevice : IDisposable
{
    private readonly Context _context;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Launch<uint, float, VerticalPass> _vertical;
    private readonly Launch<float, uint, HorizontalPass> _horizontal;

    /// <summary>Opens the device and compiles the kernels (some 0.3 s in a fresh process).</summary>
    /// <param name="threads">Threads of the CPU device, 1 to 64.</param>
    public ImagingDevice(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 64);

        // The simulated CPU meets at a barrier after every element of a group; groups of one thread, with as many
        // multiprocessors as threads, have nobody to wait for (measured: 7 ms a tile row instead of over 100).
        _context = Context.Create(builder => builder.CPU(new CPUDevice(2, 1, threads)));
        Accelerator = _context.CreateCPUAccelerator(0, CPUAcceleratorMode.Parallel);
        const int groupSize = 1;
        _vertical = Load<uint, float, VerticalPass>(ResizeKernels.Vertical, groupSize);
        _horizontal = Load<float, uint, HorizontalPass>(ResizeKernels.Horizontal, groupSize);
    }

    /// <summary>Allocates buffers; only inside a turn.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>Waits for this caller's turn; disposing the answer ends it.</summary>
    public async ValueTask<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        return new Turn(_turn);
    }

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

    private Launch<TSource, TTarget, TPass> Load<TSource, TTarget, TPass>(
        Action<Index1D, ArrayView<TSource>, ArrayView<int>, ArrayView<float>, ArrayView<TTarget>, TPass> kernel, int groupSize)
        where TSource : unmanaged
        where TTarget : unmanaged
        where TPass : struct =>
        new(Accelerator.LoadImplicitlyGroupedKernel(kernel, groupSize));

    /// <inheritdoc/>
    public void Dispose()
    {
        Accelerator.Dispose();
        _context.Dispose();
        _turn.Dispose();
    }

    private delegate void Launch<TSource, TTarget, TPass>(
        AcceleratorStream stream,
        Index1D extent,
        ArrayView<TSource> source,
        ArrayView<int> first,
        ArrayView<float> weights,
        ArrayView<TTarget> target,
        TPass pass)
        where TSource : unmanaged
        where TTarget : unmanaged
        where TPass : struct;

    /// <summary>A caller's turn on the device.</summary>
    internal readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        /// <summary>Hands the device to the next caller.</summary>
        public void Dispose() => turn.Release();
    }
}

using System.Runtime.InteropServices;
using ILGPU.Runtime;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Resizes one picture by Lanczos 3.</summary>
/// <remarks>
/// The vertical pass goes first: its rows are needed by no other target row, so tile rows share no work and the buffer between the
/// passes stays at <see cref="ImagingLimits.LaunchRows"/> rows of the source's width, whatever the ratio.
/// </remarks>
internal sealed class PictureResizer : IPictureRows
{
    private const int LaunchRows = ImagingLimits.LaunchRows;

    private readonly ImagingDevice _device;
    private readonly Picture _source;
    private readonly int _width;
    private readonly int _height;
    private readonly ResampleAxis _rows;
    private readonly ResampleAxis _columns;
    private ResizeBuffers? _buffers;

    /// <summary>Prepares the weights; device memory is taken with the first rows.</summary>
    public PictureResizer(ImagingDevice device, Picture source, int width, int height)
    {
        _device = device;
        _source = source;
        _width = width;
        _height = height;
        _rows = new ResampleAxis(source.Height, height);
        _columns = new ResampleAxis(source.Width, width);
    }

    /// <inheritdoc/>
    public long DeviceBytes => _buffers?.Bytes ?? 0;

    /// <inheritdoc/>
    public async Task<byte[]> ComputeRowsAsync(int firstRow, int rowCount, CancellationToken cancellationToken)
    {
        byte[] target = new byte[_width * rowCount * 4];
        for (int done = 0; done < rowCount; done += LaunchRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = Math.Min(LaunchRows, rowCount - done);
            using ImagingDevice.Turn turn = await _device.EnterAsync(cancellationToken);
            Launch(firstRow + done, rows, target.AsSpan(done * _width * 4, rows * _width * 4));
        }

        return target;
    }

    private unsafe void Launch(int firstRow, int rows, Span<byte> target)
    {
        _buffers ??= new ResizeBuffers(
            _device.Accelerator, _rows, _columns, MostSourceRows() * _source.Width, LaunchRows * _source.Width, LaunchRows * _width);
        int firstSourceRow = _rows.First[firstRow];
        int sourceRows = SourceRowsOf(firstRow, rows);
        fixed (uint* pinned = &_source.Pixels[firstSourceRow * _source.Width])
        {
            _buffers.Source.View.SubView(0, (long)sourceRows * _source.Width).CopyFromCPU(ref *pinned, sourceRows * _source.Width);
        }

        _device.Resize(
            _buffers,
            rows,
            new VerticalPass(_source.Width, firstSourceRow, firstRow, _rows.Taps),
            new HorizontalPass(_source.Width, _width, _columns.Taps));
        Span<uint> pixels = MemoryMarshal.Cast<byte, uint>(target);

        // A collection may move what is not pinned while its address is in use.
        fixed (uint* pinned = pixels)
            _buffers.Target.View.SubView(0, pixels.Length).CopyToCPU(ref *pinned, pixels.Length);
    }

    private int SourceRowsOf(int firstRow, int rows) => _rows.First[firstRow + rows - 1] + _rows.Taps - _rows.First[firstRow];

    private int MostSourceRows()
    {
        int most = 0;
        for (int row = 0; row < _height; row++)
            most = Math.Max(most, SourceRowsOf(row, Math.Min(LaunchRows, _height - row)));
        return most;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffers?.Dispose();
}

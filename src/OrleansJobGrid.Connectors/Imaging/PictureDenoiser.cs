using System.Runtime.InteropServices;
using ILGPU.Runtime;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Takes noise out of one picture by non-local means, see <see cref="DenoiseWeights"/>.</summary>
internal sealed class PictureDenoiser : IPictureRows
{
    private const int Patch = DenoiseWeights.PatchRadius;
    private const int Border = DenoiseWeights.PatchRadius + DenoiseWeights.SearchRadius;

    private readonly ImagingDevice _device;
    private readonly Picture _source;
    private readonly DenoiseWeights _weights;
    private readonly int _launchRows;
    private DenoiseBuffers? _buffers;

    /// <summary>Prepares the weights; device memory is taken with the first rows.</summary>
    /// <param name="device">Computes.</param>
    /// <param name="source">The noisy picture.</param>
    /// <param name="strength">0.01 to 1.</param>
    public PictureDenoiser(ImagingDevice device, Picture source, double strength)
    {
        _device = device;
        _source = source;
        _weights = new DenoiseWeights(strength);
        _launchRows = Math.Min(ImagingLimits.LaunchRows, source.Height);
    }

    /// <inheritdoc/>
    public long DeviceBytes => _buffers?.Bytes ?? 0;

    /// <inheritdoc/>
    public async Task<byte[]> ComputeRowsAsync(int firstRow, int rowCount, CancellationToken cancellationToken)
    {
        int width = _source.Width;
        byte[] target = new byte[width * rowCount * 4];
        uint[] colours = new uint[DenoiseBuffers.BorderedPixels(width, _launchRows)];
        uint[] compared = new uint[colours.Length];
        for (int done = 0; done < rowCount; done += _launchRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = Math.Min(_launchRows, rowCount - done);
            FillBordered(firstRow + done, rows, colours, compared);
            using ImagingDevice.Turn turn = await _device.EnterAsync(cancellationToken);
            Launch(firstRow + done, rows, colours, compared, target.AsSpan(done * width * 4, rows * width * 4));
        }

        return target;
    }

    private unsafe void Launch(int firstRow, int rows, uint[] colours, uint[] compared, Span<byte> target)
    {
        _buffers ??= new DenoiseBuffers(_device.Accelerator, _source.Width, _launchRows, _weights.Table);
        _buffers.Colours.CopyFromCPU(colours);
        _buffers.Compared.CopyFromCPU(compared);
        _device.Denoise(
            _buffers,
            new DenoisePass(_source.Width, _source.Height, firstRow, rows, _weights.Free, _weights.Limit, _weights.Scale));
        Span<uint> pixels = MemoryMarshal.Cast<byte, uint>(target);

        // A collection may move what is not pinned while its address is in use.
        fixed (uint* pinned = pixels)
            _buffers.Target.View.SubView(0, pixels.Length).CopyToCPU(ref *pinned, pixels.Length);
    }

    private void FillBordered(int firstRow, int rows, uint[] colours, uint[] compared)
    {
        int width = _source.Width, stride = width + (2 * Patch);
        for (int row = 0; row < rows + (2 * Border); row++)
        {
            Span<uint> line = colours.AsSpan(row * stride, stride);
            int from = Math.Clamp(firstRow + row - Border, 0, _source.Height - 1);
            _source.Pixels.AsSpan(from * width, width).CopyTo(line[Patch..]);
            line[..Patch].Fill(line[Patch]);
            line[^Patch..].Fill(line[width + Patch - 1]);
            for (int column = 0; column < stride; column++)
                compared[(row * stride) + column] = Premultiply(line[column]);
        }
    }

    private static uint Premultiply(uint pixel)
    {
        uint alpha = pixel >> 24;
        return alpha == 255
            ? pixel
            : Scale(pixel, alpha) | (Scale(pixel >> 8, alpha) << 8) | (Scale(pixel >> 16, alpha) << 16) | (alpha << 24);
    }

    private static uint Scale(uint value, uint alpha) => (((value & 255) * alpha) + 127) / 255;

    /// <inheritdoc/>
    public void Dispose() => _buffers?.Dispose();
}

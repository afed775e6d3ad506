using ILGPU;
using ILGPU.Runtime;

namespace OrleansJobGrid.Connectors.Imaging;

/// <summary>Buffers that come and go together: where one cannot be had, those before it are given back at once.</summary>
internal abstract class DeviceBuffers(Accelerator accelerator) : IDisposable
{
    private readonly List<MemoryBuffer> _all = [];

    /// <summary>Bytes of all buffers.</summary>
    public long Bytes => _all.Sum(buffer => buffer.LengthInBytes);

    /// <summary>Takes a buffer.</summary>
    protected MemoryBuffer1D<T, Stride1D.Dense> Take<T>(long length)
        where T : unmanaged
    {
        try
        {
            MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D<T>(length);
            _all.Add(buffer);
            return buffer;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Takes a buffer with this content.</summary>
    protected MemoryBuffer1D<T, Stride1D.Dense> Take<T>(T[] content)
        where T : unmanaged
    {
        MemoryBuffer1D<T, Stride1D.Dense> buffer = Take<T>(content.Length);
        buffer.CopyFromCPU(content);
        return buffer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MemoryBuffer buffer in _all)
            buffer.Dispose();
        _all.Clear();
    }
}

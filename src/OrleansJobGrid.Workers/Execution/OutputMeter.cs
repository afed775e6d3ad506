namespace OrleansJobGrid.Workers.Execution;

/// <summary>Counts what an attempt brings, and ends what goes beyond.</summary>
/// <param name="mostOfOne">Largest output, bytes.</param>
/// <param name="mostOfAll">Most bytes of all outputs together.</param>
internal sealed class OutputMeter(long mostOfOne, long mostOfAll)
{
    private long _all;

    /// <summary>Writes an output from a stream that is counted; what was not kept counts no more.</summary>
    public async Task<T> Write<T>(string name, Stream content, Func<Stream, Task<T>> write)
    {
        using var counted = new Counted(this, name, content);
        try
        {
            return await write(counted);
        }
        catch
        {
            Interlocked.Add(ref _all, -counted.Size);
            throw;
        }
    }

    private void Take(string name, long ofOne, int more)
    {
        var all = Interlocked.Add(ref _all, more);
        if (ofOne > mostOfOne)
            throw new OutputTooLargeException(name, mostOfOne, together: false);
        if (all > mostOfAll)
            throw new OutputTooLargeException(name, mostOfAll, together: true);
    }

    private sealed class Counted(OutputMeter meter, string name, Stream content) : Stream
    {
        public long Size { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => Size;
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await content.ReadAsync(buffer, cancellationToken));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => Count(content.Read(buffer, offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Count(int read)
        {
            Size += read;
            meter.Take(name, Size, read);
            return read;
        }
    }
}

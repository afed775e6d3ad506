using System.Text;
using System.Threading.Channels;

namespace OrleansJobGrid.TestService;

/// <summary>
/// What the service did, one line an event: <c>NUMBER BOOT UNIX_MS WHAT EXTERNAL_ID JOB_ID</c>. WHAT is POST (taken), START, END, FAIL, CANCEL,
/// or REFUSE (answered at the post, nothing was taken). Numbers rise by one, also over restarts.
/// </summary>
internal sealed class ExecutionLog : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Channel<(string Line, TaskCompletionSource Durable)> _lines =
        Channel.CreateUnbounded<(string, TaskCompletionSource)>(new() { SingleReader = true });
    private readonly FileStream _file;
    private readonly Task _writer;
    private readonly string _boot;
    private long _number;

    public ExecutionLog(string path, string boot)
    {
        _boot = boot;
        _number = File.Exists(path) ? File.ReadLines(path).LongCount() : 0;
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Returns when the line is on disk.</summary>
    public Task AppendAsync(string what, string externalId, string jobId)
    {
        var durable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            var line = $"{++_number} {_boot} {TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()} {what} {externalId} {jobId}\n";
            if (!_lines.Writer.TryWrite((line, durable)))
                throw new InvalidOperationException("The log is closed.");
        }

        return durable.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writer;
        await _file.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        var waiting = new List<TaskCompletionSource>();
        var text = new StringBuilder();
        while (await _lines.Reader.WaitToReadAsync())
        {
            while (_lines.Reader.TryRead(out var next))
            {
                text.Append(next.Line);
                waiting.Add(next.Durable);
            }

            try
            {
                _file.Write(Encoding.UTF8.GetBytes(text.ToString()));
                _file.Flush(flushToDisk: true);
                waiting.ForEach(w => w.SetResult());
            }
            catch (IOException e)
            {
                waiting.ForEach(w => w.SetException(e));
            }

            text.Clear();
            waiting.Clear();
        }
    }
}

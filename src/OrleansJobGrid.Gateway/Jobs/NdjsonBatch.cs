using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>
/// A batch as lines: answers leave while lines still come. A chunk is what has come by then, up to 1,000 lines, so that a single
/// line is answered at once and a fast sender gets large chunks. Reading waits for the grid, and for a client that reads none of
/// its answers once the room for them is full.
/// </summary>
internal sealed class NdjsonBatch
{
    public const string ContentType = "application/x-ndjson";

    private readonly HttpContext _context;
    private readonly BatchRun _run;
    private readonly JobIdRule _ids;
    private readonly NdjsonLines _lines = new(JobSubmissionLimits.JobBodyBytes);
    private readonly Pipe _answers;
    private int _index;

    public NdjsonBatch(HttpContext context, BatchRun run, JobIdRule ids, int answerBytes)
    {
        (_context, _run, _ids) = (context, run, ids);
        _answers = new Pipe(new PipeOptions(pauseWriterThreshold: answerBytes, resumeWriterThreshold: answerBytes / 2, useSynchronizationContext: false));
    }

    public async Task RunAsync()
    {
        _context.Response.StatusCode = StatusCodes.Status200OK;
        _context.Response.ContentType = ContentType;
        _context.Response.Headers.CacheControl = "no-store";
        // Sent before the first line came: the sender may wait for it.
        await _context.Response.StartAsync(_context.RequestAborted);
        var sending = SendAsync();
        Exception? fault = null;
        try
        {
            await TakeAsync();
        }
        catch (Exception e)
        {
            fault = e;
            throw;
        }
        finally
        {
            await _answers.Writer.CompleteAsync(fault);
            if (fault is null)
                await sending;
            else
                await sending.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task SendAsync()
    {
        try
        {
            await _answers.Reader.CopyToAsync(_context.Response.BodyWriter, _context.RequestAborted);
        }
        finally
        {
            // Whoever writes into the pipe must not wait for a reader that left.
            await _answers.Reader.CompleteAsync();
        }
    }

    private async Task TakeAsync()
    {
        var reader = _context.Request.BodyReader;
        var pending = Task.CompletedTask;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(_context.RequestAborted);
                var rest = read.Buffer;
                var chunk = Fill(ref rest, read.IsCompleted);
                var more = chunk.IsFull && !rest.IsEmpty;
                // Of a full chunk the rest is looked at again at once; else more has to come first.
                reader.AdvanceTo(rest.Start, more ? rest.Start : rest.End);
                if (chunk.Items.Count > 0)
                {
                    await pending;
                    pending = SubmitAsync(chunk);
                }

                if (read.IsCompleted && !more)
                    break;
            }
        }
        finally
        {
            await pending;
        }
    }

    private BatchChunk Fill(ref ReadOnlySequence<byte> rest, bool last)
    {
        var chunk = new BatchChunk();
        while (!chunk.IsFull && _lines.TryTake(ref rest, last, out var line, out var tooLong))
        {
            if (tooLong)
                chunk.Add(_index, SubmissionReading.Wrong(JobSubmissionReader.Body, JobSubmissionReader.BodyTooLarge, tooLarge: true));
            else if (!Read(line, out var reading))
                continue;
            else
                chunk.Add(_index, reading);
            _index++;
        }

        return chunk;
    }

    // Empty lines are skipped and not counted.
    private bool Read(ReadOnlySequence<byte> line, out SubmissionReading reading)
    {
        byte[]? rented = null;
        var span = line.IsSingleSegment ? line.FirstSpan : (rented = ArrayPool<byte>.Shared.Rent((int)line.Length)).AsSpan(0, (int)line.Length);
        if (rented is not null)
            line.CopyTo(rented);
        var full = !span.Trim(" \t\r"u8).IsEmpty;
        reading = full ? JobSubmissionReader.Read(span, _ids, _index) : null!;
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return full;
    }

    private async Task SubmitAsync(BatchChunk chunk)
    {
        await _run.SubmitAsync(chunk);
        Write(chunk);
        var flushed = await _answers.Writer.FlushAsync(_context.RequestAborted);
        if (flushed.IsCompleted)
            throw new IOException("The client left before its answers.");
    }

    private void Write(BatchChunk chunk)
    {
        var type = GatewayJson.Relaxed.BatchItem;
        using var writer = new Utf8JsonWriter(_answers.Writer, new JsonWriterOptions { Encoder = type.Options.Encoder });
        foreach (var item in chunk.Items)
        {
            JsonSerializer.Serialize(writer, item, type);
            writer.Flush();
            writer.Reset();
            _answers.Writer.Write("\n"u8);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>Jobs of one call of <see cref="SubmitStreamAsync"/>.</summary>
    private const int StreamChunkJobs = 500;

    /// <summary>Bytes after which a call of it is closed; the grid takes 64 MB.</summary>
    private const int StreamChunkBytes = 8 << 20;

    /// <summary>Submits jobs in one call, at most 64 MB together.</summary>
    /// <param name="jobs">The jobs, at least one.</param>
    /// <param name="idempotencyKey">Of the whole call; jobs without an id get theirs from it and their place. Null: a random one made here.</param>
    /// <param name="cancellationToken">Ends the call; which jobs are stored is then unknown.</param>
    /// <returns>One result a job, in order; look at each, since the grid stores the good ones of a batch.</returns>
    public async Task<IReadOnlyList<BatchResult>> SubmitBatchAsync(
        IReadOnlyList<JobSubmission> jobs, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        if (jobs.Count == 0)
            throw new ArgumentException("A batch has at least one job.", nameof(jobs));
        var body = JsonSerializer.SerializeToUtf8Bytes(jobs, JobGridJson.Default.IReadOnlyListJobSubmission);
        var key = idempotencyKey ?? Guid.NewGuid().ToString();
        using var response = await _transport.SendAsync(() => Post("api/jobs/batch", Json(body), key), cancellationToken);
        var answer = await _transport.ReadAsync(response, EnvelopeJson.Default.BatchAnswer, cancellationToken);
        return answer.Results.Count == jobs.Count
            ? answer.Results
            : throw new JobGridException($"The grid answered for {answer.Results.Count} of {jobs.Count} jobs.");
    }

    /// <summary>
    /// Submits any number of jobs as NDJSON, in calls of up to 500 jobs or 8 MB, each sent as soon as it is full; results come in the order of the jobs.
    /// </summary>
    /// <remarks>
    /// A job without an id is given one here before it is sent, so that a call that is tried again cannot double it. If the enumeration
    /// breaks off with an exception, the jobs whose results were not seen may be stored; give ids of your own to be able to send them again.
    /// </remarks>
    /// <param name="jobs">The jobs; read one call ahead at most.</param>
    /// <param name="cancellationToken">Ends the reading and sending.</param>
    public async IAsyncEnumerable<BatchResult> SubmitStreamAsync(
        IAsyncEnumerable<JobSubmission> jobs, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var chunk = new MemoryStream();
        var (count, sent) = (0, 0);
        await foreach (var job in jobs.WithCancellation(cancellationToken))
        {
            var line = JsonSerializer.SerializeToUtf8Bytes(
                job.Id is null ? job with { Id = Guid.NewGuid().ToString() } : job, JobGridJson.Default.JobSubmission);
            if (count > 0 && chunk.Length + line.Length > StreamChunkBytes)
            {
                foreach (var result in await SendLinesAsync(chunk, count, sent, cancellationToken))
                    yield return result;
                (sent, count) = (sent + count, 0);
            }

            chunk.Write(line);
            chunk.WriteByte((byte)'\n');
            if (++count == StreamChunkJobs)
            {
                foreach (var result in await SendLinesAsync(chunk, count, sent, cancellationToken))
                    yield return result;
                (sent, count) = (sent + count, 0);
            }
        }

        if (count > 0)
            foreach (var result in await SendLinesAsync(chunk, count, sent, cancellationToken))
                yield return result;
    }

    private async Task<List<BatchResult>> SendLinesAsync(MemoryStream chunk, int count, int offset, CancellationToken cancellationToken)
    {
        var body = chunk.ToArray();
        chunk.SetLength(0);
        using var response = await _transport.SendAsync(
            () => Post("api/jobs/batch", Json(body, "application/x-ndjson"), null), cancellationToken);
        var results = new List<BatchResult>(count);
        try
        {
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
                if (line.Length > 0 && JsonSerializer.Deserialize(line, JobGridJson.Default.BatchResult) is { } result)
                    results.Add(result with { Index = result.Index + offset });
        }
        catch (JsonException e)
        {
            throw new JobGridException($"The grid answered a batch with a line that is not its protocol: {e.Message}", e);
        }
        catch (Exception e) when (GridTransport.IsBroken(e, cancellationToken))
        {
            throw _transport.Unreachable(e);
        }

        return results.Count == count ? results : throw new JobGridException($"The grid answered for {results.Count} of {count} jobs.");
    }
}

using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>
    /// Follows a job to its end: its state at once, then every change and progress, at last <see cref="JobEndUpdate"/>, after which the
    /// enumeration ends. A connection that breaks is opened again.
    /// </summary>
    /// <param name="jobId">The job.</param>
    /// <param name="previews">Whether unfinished pictures are wanted, once a second at most, where its service shows them.</param>
    /// <param name="cancellationToken">Ends the watching.</param>
    /// <exception cref="GridUnreachableException">It could not be opened again within <see cref="JobGridClientOptions.Retries"/> tries.</exception>
    /// <exception cref="JobGridException">Status 404: there is no such job.</exception>
    public IAsyncEnumerable<JobUpdate> WatchAsync(string jobId, bool previews = false, CancellationToken cancellationToken = default) => FollowAsync(
        $"api/jobs/{Segment(jobId, nameof(jobId))}/stream{(previews ? "?previews=true" : "")}", $"job {jobId}", Read, update => update is JobEndUpdate, cancellationToken);

    /// <summary>Follows a stream to its end; a connection that breaks is opened again.</summary>
    /// <param name="path">The stream.</param>
    /// <param name="what">Whose it is, for a person.</param>
    /// <param name="read">Reads an event; null: it is not known.</param>
    /// <param name="isEnd">Whether nothing follows.</param>
    /// <param name="cancellationToken">Ends the following.</param>
    private async IAsyncEnumerable<T> FollowAsync<T>(
        string path, string what, Func<string, string, T?> read, Func<T, bool> isEnd, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var silent = 0;
        while (true)
        {
            using var response = await _transport.SendAsync(() => StreamRequest(path), cancellationToken);
            await using var events = ReadAsync(response, read, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                T? next;
                try
                {
                    next = await events.MoveNextAsync() ? events.Current : null;
                }
                catch (Exception e) when (GridTransport.IsBroken(e, cancellationToken))
                {
                    if (silent >= _transport.Options.Retries)
                        throw _transport.Unreachable(e);
                    next = null;
                }

                if (next is null)
                    break;
                silent = 0;
                yield return next;
                if (isEnd(next))
                    yield break;
            }

            if (++silent > _transport.Options.Retries)
                throw _transport.Unreachable(new IOException($"The stream of {what} ends again and again without its end."));
            await _transport.PauseAsync(silent, null, cancellationToken);
        }
    }

    private async IAsyncEnumerable<T> ReadAsync<T>(HttpResponseMessage response, Func<string, string, T?> read, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        using var idle = new CancellationTokenSource(_transport.Options.StreamIdleLimit, _transport.Options.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(both.Token);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(both.Token))
        {
            idle.CancelAfter(_transport.Options.StreamIdleLimit);
            if (read(item.EventType, item.Data) is { } next)
                yield return next;
        }
    }

    /// <summary>An event of the stream; null for a type that this version does not know.</summary>
    private static JobUpdate? Read(string type, string data)
    {
        try
        {
            return type switch
            {
                "state" => new JobStateUpdate(JsonSerializer.Deserialize(data, JobGridJson.Default.Job)!),
                "progress" => JsonSerializer.Deserialize(data, JobGridJson.Default.JobProgressUpdate)!,
                "preview" => JsonSerializer.Deserialize(data, JobGridJson.Default.JobPreviewUpdate)!,
                "end" => new JobEndUpdate(JsonSerializer.Deserialize(data, JobGridJson.Default.Job)!),
                _ => null,
            };
        }
        catch (JsonException e)
        {
            throw new JobGridException($"The stream brought an event '{type}' that is not the grid's protocol: {e.Message}", e);
        }
    }

    private static HttpRequestMessage StreamRequest(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        return request;
    }
}

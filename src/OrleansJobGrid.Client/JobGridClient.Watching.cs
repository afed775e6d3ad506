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
    /// <exception cref="GridUnreachableException">It could not be opened again within <see cref="JobGridClientOptions.Retries"/> tries.</exception>
    /// <exception cref="JobGridException">Status 404: there is no such job.</exception>
    public async IAsyncEnumerable<JobUpdate> WatchAsync(string jobId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var path = $"api/jobs/{Segment(jobId, nameof(jobId))}/stream";
        var silent = 0;
        while (true)
        {
            using var response = await _transport.SendAsync(() => StreamRequest(path), cancellationToken);
            await using var updates = ReadUpdatesAsync(response, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                JobUpdate? update;
                try
                {
                    update = await updates.MoveNextAsync() ? updates.Current : null;
                }
                catch (Exception e) when (GridTransport.IsBroken(e, cancellationToken))
                {
                    if (silent >= _transport.Options.Retries)
                        throw _transport.Unreachable(e);
                    update = null;
                }

                if (update is null)
                    break;
                silent = 0;
                yield return update;
                if (update is JobEndUpdate)
                    yield break;
            }

            if (++silent > _transport.Options.Retries)
                throw _transport.Unreachable(new IOException($"The stream of job {jobId} ends again and again without the job's end."));
            await _transport.PauseAsync(silent, null, cancellationToken);
        }
    }

    private async IAsyncEnumerable<JobUpdate> ReadUpdatesAsync(
        HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var idle = new CancellationTokenSource(_transport.Options.StreamIdleLimit, _transport.Options.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(both.Token);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(both.Token))
        {
            idle.CancelAfter(_transport.Options.StreamIdleLimit);
            if (Read(item.EventType, item.Data) is { } update)
                yield return update;
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

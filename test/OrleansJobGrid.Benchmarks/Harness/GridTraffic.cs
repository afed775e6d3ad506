using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace OrleansJobGrid.Benchmarks.Harness;

/// <summary>Submits to a grid over HTTP and watches its figures.</summary>
internal sealed class GridTraffic(Uri url) : IDisposable
{
    private const int BatchJobs = 1_000;
    private const int BatchesAtOnce = 4;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = url };

    /// <summary>Bodies of <c>POST /api/jobs/batch</c>, made before the clock runs.</summary>
    public static IReadOnlyList<byte[]> Batches(string prefix, int jobs, string payload, int first = 0) =>
        [.. Enumerable.Range(first, jobs).Chunk(BatchJobs).Select(chunk => Encoding.UTF8.GetBytes(
            $"[{string.Join(',', chunk.Select(n => $$"""{"id":"{{prefix}}-{{n}}","service_required":"simulation","customer_id":"bench","payload":{{payload}}}"""))}]"))];

    /// <summary>Sends the batches, some at once, and returns how long that took; throws where a job was refused.</summary>
    public async Task<TimeSpan> SubmitAsync(IReadOnlyList<byte[]> batches)
    {
        var clock = Stopwatch.StartNew();
        var options = new ParallelOptions { MaxDegreeOfParallelism = BatchesAtOnce };
        await Parallel.ForEachAsync(batches, options, async (batch, cancellationToken) =>
        {
            using var body = Json(batch);
            using var response = await _http.PostAsync("api/jobs/batch", body, cancellationToken);
            await Expect(response, 201);
        });
        return clock.Elapsed;
    }

    /// <summary>Sends one job.</summary>
    public async Task SubmitOneAsync(string job)
    {
        using var body = Json(Encoding.UTF8.GetBytes(job));
        using var response = await _http.PostAsync("api/jobs", body);
        await Expect(response, 201);
    }

    /// <summary>Waits until so many jobs are completed since the store was made; throws where one failed.</summary>
    public async Task CompletedAsync(long count)
    {
        var clock = Stopwatch.StartNew();
        while (await CompletedAsync() is var completed && completed < count)
        {
            if (clock.Elapsed > Limit)
                throw new TimeoutException($"{completed} of {count} jobs were completed within {Limit}.");
            await Task.Delay(Look, TimeProvider.System);
        }
    }

    /// <summary>Jobs completed since the store was made; throws where one failed.</summary>
    public async Task<long> CompletedAsync()
    {
        using var metrics = JsonDocument.Parse(await _http.GetByteArrayAsync("api/metrics"));
        return metrics.RootElement.GetProperty("failed").GetInt64() is > 0 and var failed
            ? throw new InvalidOperationException($"{failed} jobs of the benchmark failed.")
            : metrics.RootElement.GetProperty("completed").GetInt64();
    }

    /// <summary>Lets the worker take jobs; or drains it, and returns when it has heard of that.</summary>
    public async Task WorkAsync(string worker, bool work)
    {
        using (var response = await _http.PostAsync($"api/workers/{worker}/{(work ? "resume" : "drain")}", null))
            await Expect(response, 200);
        var clock = Stopwatch.StartNew();
        while (!work && await StateAsync(worker) is var state && state != "drained")
        {
            if (clock.Elapsed > Limit)
                throw new TimeoutException($"The worker was not drained within {Limit}, but {state}.");
            await Task.Delay(Look, TimeProvider.System);
        }
    }

    private async Task<string?> StateAsync(string worker)
    {
        using var answer = JsonDocument.Parse(await _http.GetByteArrayAsync("api/workers"));
        return answer.RootElement.GetProperty("workers").EnumerateArray().First(w => w.GetProperty("worker_id").GetString() == worker).GetProperty("state").GetString();
    }

    public void Dispose() => _http.Dispose();

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static async Task Expect(HttpResponseMessage response, int status)
    {
        if ((int)response.StatusCode != status)
            throw new InvalidOperationException($"The grid answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }
}

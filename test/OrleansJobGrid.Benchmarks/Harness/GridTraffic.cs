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
    public static IReadOnlyList<byte[]> Batches(string prefix, int jobs, string payload) =>
        [.. Enumerable.Range(0, jobs).Chunk(BatchJobs).Select(chunk => Encoding.UTF8.GetBytes(
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
        while (true)
        {
            using var metrics = JsonDocument.Parse(await _http.GetByteArrayAsync("api/metrics"));
            var completed = metrics.RootElement.GetProperty("completed").GetInt64();
            if (completed >= count)
                return;
            if (metrics.RootElement.GetProperty("failed").GetInt64() is > 0 and var failed)
                throw new InvalidOperationException($"{failed} jobs of the benchmark failed.");
            if (clock.Elapsed > Limit)
                throw new TimeoutException($"{completed} of {count} jobs were completed within {Limit}.");
            await Task.Delay(Look, TimeProvider.System);
        }
    }

    public void Dispose() => _http.Dispose();

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static async Task Expect(HttpResponseMessage response, int status)
    {
        if ((int)response.StatusCode != status)
            throw new InvalidOperationException($"The grid answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }
}

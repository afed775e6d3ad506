using System.Globalization;
using System.Text;

namespace OrleansJobGrid.Chaos.Workload;

/// <summary>What the grid said of a submission: the promise that the checker holds it to.</summary>
/// <param name="At">When the answer came.</param>
/// <param name="Key">The <c>Idempotency-Key</c>.</param>
/// <param name="JobId">The job.</param>
internal sealed record Acknowledgement(DateTimeOffset At, string Key, string JobId);

/// <summary>All acknowledgements, one line each, on disk before the next request leaves: <c>UNIX_MS KEY JOB_ID</c>.</summary>
internal sealed class AcknowledgementLog(string path) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream _file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);

    public void Add(Acknowledgement acknowledgement)
    {
        var line = Encoding.UTF8.GetBytes($"{acknowledgement.At.ToUnixTimeMilliseconds()} {acknowledgement.Key} {acknowledgement.JobId}\n");
        lock (_lock)
            _file.Write(line);
    }

    public void Dispose() => _file.Dispose();

    public static IReadOnlyList<Acknowledgement> Read(string path) =>
        [.. File.ReadLines(path).Select(l => l.Split(' ')).Select(w => new Acknowledgement(DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(w[0], CultureInfo.InvariantCulture)), w[1], w[2]))];
}

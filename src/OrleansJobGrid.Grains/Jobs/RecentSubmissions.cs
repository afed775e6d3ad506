namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// The last jobs that this silo wrote, for the grant that mostly follows at once and would read them back. The grant's write compares
/// version and operation id, so a job that moved meanwhile costs a conflict and a reading, and nothing else.
/// </summary>
internal sealed class RecentSubmissions
{
    private const int Kept = 4_096;
    private const int KeptBytes = 8 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Submitted> _jobs = new(StringComparer.Ordinal);
    private readonly Queue<Submitted> _order = [];
    private long _bytes;

    /// <summary>Keeps a job that was just written, at version 1.</summary>
    public void Add(string jobId, JobRecord record, Guid operationId)
    {
        var job = new Submitted(jobId, record, operationId);
        lock (_lock)
        {
            if (!_jobs.TryAdd(jobId, job))
                return;
            _order.Enqueue(job);
            _bytes += job.Bytes;
            while (_order.Count > Kept || _bytes > KeptBytes)
            {
                var oldest = _order.Dequeue();
                _bytes -= oldest.Bytes;
                if (_jobs.TryGetValue(oldest.JobId, out var kept) && ReferenceEquals(kept, oldest))
                    _jobs.Remove(oldest.JobId);
            }
        }
    }

    /// <summary>Hands a job out once; null: it is not kept here.</summary>
    public (JobRecord Record, Guid OperationId)? Take(string jobId)
    {
        lock (_lock)
            return _jobs.Remove(jobId, out var job) ? (job.Record, job.OperationId) : null;
    }

    private sealed record Submitted(string JobId, JobRecord Record, Guid OperationId)
    {
        // A record without its parts of free length takes about as much.
        private const int RecordBytes = 1_024;

        public int Bytes => RecordBytes + Record.Payload.Utf8.Length + (Record.Metadata?.Utf8.Length ?? 0);
    }
}

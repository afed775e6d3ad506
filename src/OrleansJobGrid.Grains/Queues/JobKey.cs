using System.Diagnostics.CodeAnalysis;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>A job's id as the view keeps it: the 16 bytes of a UUID in lower case, which most are, or else the text.</summary>
internal readonly struct JobKey : IEquatable<JobKey>
{
    private readonly Guid _uuid;
    private readonly string? _text;

    private JobKey(Guid uuid, string? text) => (_uuid, _text) = (uuid, text);

    public static JobKey Of(string jobId) =>
        jobId.Length == 36 && !jobId.AsSpan().ContainsAnyInRange('A', 'F') && Guid.TryParseExact(jobId, "D", out var uuid) ? new(uuid, null) : new(default, jobId);

    public bool Equals(JobKey other) => _uuid == other._uuid && string.Equals(_text, other._text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is JobKey other && Equals(other);

    public override int GetHashCode() => _text is null ? _uuid.GetHashCode() : string.GetHashCode(_text, StringComparison.Ordinal);

    public override string ToString() => _text ?? _uuid.ToString("D");
}

/// <summary>Finds a queued job by its id in a set of jobs, which then needs no keys of its own.</summary>
internal sealed class QueuedJobById : IEqualityComparer<QueuedJob>, IAlternateEqualityComparer<JobKey, QueuedJob>
{
    public bool Equals(QueuedJob? x, QueuedJob? y) => x is null ? y is null : y is not null && x.Key.Equals(y.Key);

    public int GetHashCode([DisallowNull] QueuedJob obj) => obj.Key.GetHashCode();

    public bool Equals(JobKey alternate, QueuedJob other) => other.Key.Equals(alternate);

    public int GetHashCode(JobKey alternate) => alternate.GetHashCode();

    public QueuedJob Create(JobKey alternate) => throw new NotSupportedException("A queued job is more than its id.");
}

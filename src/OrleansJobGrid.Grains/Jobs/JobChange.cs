using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>A decided change of a job: what it becomes, what the audit log says, and what the store must check first.</summary>
public sealed class JobChange
{
    private readonly List<JobEvent> _events = [];
    private readonly List<CounterIncrement> _counters = [];

    private JobChange(JobRecord? before, JobRecord? after)
    {
        Before = before;
        After = after;
    }

    public JobRecord? Before { get; }

    /// <summary>Null: the record goes.</summary>
    public JobRecord? After { get; private set; }

    /// <summary>A session that must not have ended.</summary>
    public string? Session { get; private init; }

    public long? NotBefore { get; private set; }

    /// <summary>Set where the operation's id is part of the record: a grant is its own token.</summary>
    public Guid? OperationId { get; private init; }

    /// <summary>The events, oldest first.</summary>
    public IReadOnlyList<JobEvent> Events => _events;

    /// <summary>A move along an edge of <see cref="JobTransitions"/>.</summary>
    public static JobChange Move(
        JobRecord? before, JobRecord after, Mover by, string eventType, long at, string? reason = null, string? session = null, Guid? operationId = null)
    {
        JobTransitions.Require(before?.Status, after.Status, by);
        var change = new JobChange(before, after) { Session = session, OperationId = operationId };
        change.AddEvent(eventType, at, reason);
        change.CountEnd(at);
        return change;
    }

    /// <summary>A change within a state.</summary>
    public static JobChange Note(JobRecord before, JobRecord after, string? eventType = null, long at = 0, string? reason = null, string? session = null)
    {
        if (before.Status != after.Status)
            throw new InvalidOperationException($"A note moves nothing, but {before.Status.Name()} became {after.Status.Name()}.");
        var change = new JobChange(before, after) { Session = session };
        if (eventType is not null)
            change.AddEvent(eventType, at, reason);
        return change;
    }

    /// <summary>The record goes, with its events and index entries.</summary>
    public static JobChange Delete(JobRecord before, long notBefore) => new(before, null) { NotBefore = notBefore };

    /// <summary>The store applies it only once its own clock has come this far.</summary>
    public JobChange NotEarlierThan(long clock)
    {
        NotBefore = clock;
        return this;
    }

    /// <summary>Adds an event before the one that moves the job; for an attempt that failed and what followed from it.</summary>
    public JobChange Preceded(string eventType, long at, string? reason, FailureReport? failure = null)
    {
        var moved = _events[^1];
        var first = moved with { Type = eventType, At = at, To = Before!.Status, From = Before.Status, Reason = reason, Failure = failure };
        _events[^1] = first;
        _events.Add(moved with { Sequence = moved.Sequence + 1 });
        After = After! with { EventCount = After.EventCount + 1 };
        return this;
    }

    /// <summary>GPU memory that a completed run took at most, MB; null: not known.</summary>
    public long? PeakGpuMemoryMb { get; set; }

    /// <summary>How the grant that this change ends went, for its queue.</summary>
    public EndedHint EndedHint(string jobId)
    {
        var before = Before!;
        var failure = _events.Select(e => e.Failure).FirstOrDefault(f => f is not null);
        var outOfMemory = failure is not null && RetryExclusion.GpuMemoryOf(failure) is not null;
        var kind = After?.Status == JobStatus.Completed ? EndedKind.Completed : outOfMemory ? EndedKind.OutOfMemory : EndedKind.Other;
        var (from, to) = (After?.StartedAt ?? before.StartedAt ?? before.LastGrant!.At, After?.FinishedAt ?? _events.LastOrDefault()?.At ?? 0);
        return new(
            jobId, before.Epoch, before.CustomerId ?? "", Signature.Of(before).Text, kind, Math.Max(0, to - from),
            kind == EndedKind.Completed ? PeakGpuMemoryMb : outOfMemory ? RetryExclusion.GpuMemoryOf(failure!) : null);
    }

    /// <summary>The operation that writes it.</summary>
    public JobOperation ToOperation(string jobId, long version, Guid storedOperation, Guid operationId)
    {
        List<IndexEntry> before = Before is null ? [] : JobIndexes.Of(Before);
        List<IndexEntry> after = After is null ? [] : JobIndexes.Of(After);
        var readyBefore = Before?.IsReady ?? false;
        var readyAfter = After?.IsReady ?? false;
        // Another requirement is another bucket, which a job that stays ready changes to.
        var moves = readyBefore && readyAfter && Signature.Of(Before!) != Signature.Of(After!);
        return new()
        {
            JobId = jobId,
            OperationId = OperationId ?? operationId,
            ExpectedVersion = version,
            ExpectedOperationId = storedOperation,
            Record = After is null ? (ReadOnlyMemory<byte>?)null : JobRecordFormat.Write(After),
            NotBefore = NotBefore,
            Session = Session,
            RemoveReady = readyBefore && (!readyAfter || moves),
            AddReady = readyAfter && (!readyBefore || moves) ? JobIndexes.ReadyOf(After!) : null,
            RemoveEntries = Missing(before, after),
            AddEntries = Before is null ? after : Missing(after, before),
            Events = _events.ConvertAll(JobRecordFormat.Write),
            Counters = _counters,
        };
    }

    /// <summary>What <paramref name="entries"/> has and <paramref name="others"/> lacks.</summary>
    private static List<IndexEntry> Missing(List<IndexEntry> entries, List<IndexEntry> others)
    {
        var missing = new List<IndexEntry>(4);
        foreach (var entry in entries)
        {
            if (!others.Contains(entry))
                missing.Add(entry);
        }

        return missing;
    }

    private void AddEvent(string type, long at, string? reason)
    {
        var count = (Before?.EventCount ?? 0) + 1;
        _events.Add(new(count, type, at, Before?.Status ?? default, After!.Status, After.Attempt, After.Epoch, After.LastGrant?.WorkerId, reason));
        After = After with { EventCount = count };
    }

    private void CountEnd(long at)
    {
        if (After is not { Status: var status } || !status.IsFinal())
            return;
        _counters.Add(new(status.Name(), 1));
        if (status == JobStatus.Completed)
            ProcessingTimes.Count(_counters, Math.Max(0, at - (After.StartedAt ?? at)));
    }
}

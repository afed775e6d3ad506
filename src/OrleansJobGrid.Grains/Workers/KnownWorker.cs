using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>A registered worker, with its session where it has one.</summary>
public sealed record KnownWorker
{
    public required string WorkerId { get; init; }

    /// <summary>What it can do; where it lives, with what it offers now.</summary>
    public required WorkerMatch Match { get; init; }
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Queues that it claims from; empty: all.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];
    public required int Slots { get; init; }

    /// <summary>Null: it is away.</summary>
    public SessionRecord? Session { get; init; }
    public SessionBody? Body { get; init; }

    /// <summary>Null: its session began a moment ago.</summary>
    public Registration? Registration { get; init; }

    public bool Live => Session is not null;

    /// <summary>Whether it claims jobs of a service now.</summary>
    public bool Claims(string service) => Body is { Claims: true } body && body.BreakerOf(service) is null;

    /// <summary>Slots that hold no job.</summary>
    public int Free => Body is { Claims: true } body ? Math.Max(0, Slots - body.Jobs.Count) : 0;

    /// <summary>Whether it could ever do a job.</summary>
    public bool CouldDo(WaitingJob job) =>
        ClaimsFrom(job.Queue, job.Labels) && Matcher.Matches(job.Need, Match) && !Matcher.ExcludesWorker(job.Need, Match) && Match.EverAllows(job.Customer);

    /// <summary>Whether it claims from a queue that asks for these labels, and is served there.</summary>
    public bool ClaimsFrom(string queue, IReadOnlyList<string> labels) =>
        (Queues.Count == 0 || Queues.Contains(queue, StringComparer.Ordinal)) && labels.All(Match.HasLabel);

    /// <summary>What the session's bytes say, where they are those that this was read from; null: they changed.</summary>
    public SessionBody? BodyOf(SessionRecord session) => Session is { } read && read.Body.Span.SequenceEqual(session.Body.Span) ? Body : null;

    /// <param name="session">Its session.</param>
    /// <param name="body">What that says.</param>
    /// <param name="registration">Its registration; null: none yet.</param>
    /// <param name="before">The same session as it was read before; what it can do is not made anew where nothing of it changed.</param>
    public static KnownWorker Of(SessionRecord session, SessionBody body, Registration? registration, KnownWorker? before = null) => new()
    {
        WorkerId = session.WorkerId,
        Match = before is { Body: { } former } && ReferenceEquals(before.Registration, registration) && OffersTheSame(former, body)
            ? before.Match
            : new(
                DeviceTruth.Of(WorkerCapabilities.Parse(registration?.Capabilities), body.Gpu?.MemoryTotalMb),
                body.Services, body.UsedInstances, session.WorkerId),
        Services = body.Services,
        Queues = body.Queues,
        Slots = body.Slots,
        Session = session,
        Body = body,
        Registration = registration,
    };

    private static bool OffersTheSame(SessionBody a, SessionBody b) =>
        ReferenceEquals(a, b) || (a.Gpu?.MemoryTotalMb == b.Gpu?.MemoryTotalMb && a.Services.SequenceEqual(b.Services) && a.UsedInstances.SequenceEqual(b.UsedInstances));

    public static KnownWorker Of(string workerId, Registration registration) => new()
    {
        WorkerId = workerId,
        Match = new(WorkerCapabilities.Parse(registration.Capabilities), registration.Services, registration.Instances.Select(i => i.Instance), workerId),
        Services = registration.Services,
        Queues = registration.Queues,
        Slots = registration.Slots,
        Registration = registration,
    };
}

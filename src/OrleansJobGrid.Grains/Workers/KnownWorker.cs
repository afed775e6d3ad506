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
    public required int Slots { get; init; }

    /// <summary>Null: it is away.</summary>
    public SessionRecord? Session { get; init; }
    public SessionBody? Body { get; init; }

    /// <summary>Null: its session began a moment ago.</summary>
    public Registration? Registration { get; init; }

    public bool Live => Session is not null;

    /// <summary>Whether it claims jobs now.</summary>
    public bool Claims => Body is { Draining: false };

    /// <summary>Slots that hold no job.</summary>
    public int Free => Body is { Draining: false } body ? Math.Max(0, Slots - body.Jobs.Count) : 0;

    /// <summary>Whether it could ever do a job.</summary>
    public bool CouldDo(JobNeed need, string customer) =>
        Matcher.Matches(need, Match) && !Matcher.ExcludesWorker(need, Match) && Match.EverAllows(customer);

    public static KnownWorker Of(SessionRecord session, SessionBody body, Registration? registration) => new()
    {
        WorkerId = session.WorkerId,
        Match = new(
            DeviceTruth.Of(WorkerCapabilities.Parse(registration?.Capabilities), body.Gpu?.MemoryTotalMb),
            body.Services, body.Instances.Select(i => i.Instance).Where(i => !body.Breakers.ContainsKey(i)), session.WorkerId),
        Services = body.Services,
        Slots = body.Slots,
        Session = session,
        Body = body,
        Registration = registration,
    };

    public static KnownWorker Of(string workerId, Registration registration) => new()
    {
        WorkerId = workerId,
        Match = new(WorkerCapabilities.Parse(registration.Capabilities), registration.Services, registration.Instances.Select(i => i.Instance), workerId),
        Services = registration.Services,
        Slots = registration.Slots,
        Registration = registration,
    };
}

using System.Text;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

/// <summary>Jobs of plain content.</summary>
internal static class Samples
{
    /// <summary>Where the clock of these tests begins, Unix ms.</summary>
    public const long Start = 1_700_000_000_000;

    public const long AttemptTimeout = 60_000;

    public static JobSubmission Submission(string id = "job-1") =>
        new() { Id = id, Service = "simulation", Payload = Json("{\"steps\":3}"), BodyHash = "hash" };

    public static JobRecord Pending(JobSubmission? submission = null, long sequence = 1, long clock = Start) =>
        JobDecisions.Create(submission ?? Submission(), sequence, clock, AttemptTimeout, new()).After!;

    public static JobRecord Assigned(JobRecord? job = null, string session = "session-1", long clock = Start, string worker = "worker-1") =>
        JobDecisions.Grant(job ?? Pending(), new(worker, session), Guid.NewGuid(), clock)!.After!;

    public static JobRecord InProgress(long clock = Start)
    {
        var assigned = Assigned(clock: clock);
        return JobDecisions.Begin(assigned, assigned.Token, clock).Change!.After!;
    }

    public static JobRecord Failed(JobRecord granted, FailureReport report, long clock = Start, double draw = 0.5) =>
        JobDecisions.Fail(granted, granted.Token, report, new(null, draw), clock).Change!.After!;

    public static FailureReport Failure(string failureClass = FailureClasses.Transient, string message = "it broke", long? retryAfterMs = null) =>
        new() { FailureClass = failureClass, FailureType = "system_error", FailureReason = "reason", Message = message, RetryAfterMs = retryAfterMs, DurationMs = 10 };

    public static SessionEnd End(string session = "session-1", string reason = "lost", bool abnormal = true, long leaseEndedAt = Start) =>
        new() { SessionId = session, Reason = reason, Abnormal = abnormal, LeaseEndedAt = leaseEndedAt };

    public static ServiceSubmission Post(JobRecord granted, int n = 1, string? node = null, string? boot = "boot-1") => new()
    {
        N = n,
        Epoch = granted.Epoch,
        Instance = "outside/a",
        ExternalId = ExternalIds.Of("job-1", granted.Epoch, n),
        BootMark = boot,
        Node = node,
    };

    /// <summary>In progress with one post at a service outside.</summary>
    public static JobRecord Posted(JobRecord? assigned = null, long clock = Start, string? node = null)
    {
        var granted = assigned ?? Assigned(clock: clock);
        return JobDecisions.Submit(granted, granted.Token, Post(granted, node: node), clock).Change!.After!;
    }

    public static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);
}

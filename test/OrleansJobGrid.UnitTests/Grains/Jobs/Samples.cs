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
        JobDecisions.Create(submission ?? Submission(), sequence, clock, AttemptTimeout).After!;

    public static JobRecord Assigned(JobRecord? job = null, string session = "session-1", long clock = Start, string worker = "worker-1") =>
        JobDecisions.Grant(job ?? Pending(), new(worker, session), Guid.NewGuid(), clock)!.After!;

    public static JobRecord InProgress(long clock = Start)
    {
        var assigned = Assigned(clock: clock);
        return JobDecisions.Begin(assigned, assigned.Token, clock).Change!.After!;
    }

    public static JobRecord Failed(JobRecord granted, FailureReport report, long clock = Start, double draw = 0.5) =>
        JobDecisions.Fail(granted, granted.Token, report, clock, draw).Change!.After!;

    public static FailureReport Failure(string type = FailureTypes.Transient, string message = "it broke", long? retryAfterMs = null) =>
        new(type, "reason", message, retryAfterMs, 10);

    public static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);
}

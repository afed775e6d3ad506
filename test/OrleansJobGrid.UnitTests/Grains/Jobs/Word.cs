using CsCheck;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

internal enum WordKind
{
    Grant,
    Begin,
    Checkpoint,
    Complete,
    Fail,
    Stopped,
    Submit,
    Attach,
    Named,
    SessionEnded,
    Judge,
    Cancel,
    Pause,
    Resume,
    Retry,
    Resolve,
    Purge,
    Due,

    /// <summary>The clock goes to the job's next due time, and the wheel comes.</summary>
    DueAtNext,
}

/// <summary>Whose token a worker's word carries.</summary>
internal enum Speaker
{
    Current,
    Stale,
    Foreign,
    Nobody,
}

/// <summary>A word about a job; <paramref name="Choice"/> picks the session, the failure's class or the reason.</summary>
internal readonly record struct Word(WordKind Kind, Speaker Speaker, int Choice, long After, double Draw)
{
    private static readonly WordKind[] Kinds =
    [
        WordKind.Grant, WordKind.Grant, WordKind.Grant, WordKind.Grant, WordKind.Begin, WordKind.Begin, WordKind.Checkpoint, WordKind.Complete,
        WordKind.Fail, WordKind.Fail, WordKind.Stopped, WordKind.Submit, WordKind.Submit, WordKind.Submit, WordKind.Attach, WordKind.Named,
        WordKind.SessionEnded, WordKind.SessionEnded, WordKind.SessionEnded, WordKind.Judge, WordKind.Judge, WordKind.Judge, WordKind.Judge, WordKind.Judge, WordKind.Cancel,
        WordKind.Pause, WordKind.Resume, WordKind.Retry, WordKind.Resolve, WordKind.Purge, WordKind.Due, WordKind.DueAtNext, WordKind.DueAtNext,
    ];

    private static readonly Speaker[] Speakers =
        [Speaker.Current, Speaker.Current, Speaker.Current, Speaker.Current, Speaker.Stale, Speaker.Foreign, Speaker.Nobody];

    private static readonly long[] Pauses = [0, 0, 1, 40, 900, 3_000, 61_000, 3_600_000, 86_400_000];

    public static Gen<Word> Any { get; } =
        Gen.Select(Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20], Gen.Double[0, 0.999], From);

    public static Word From(int kind, int speaker, int choice, int pause, double draw) =>
        new(Kinds[kind % Kinds.Length], Speakers[speaker % Speakers.Length], choice, Pauses[pause % Pauses.Length], draw);
}

/// <summary>How a job is submitted; absent where a number is 0.</summary>
internal readonly record struct Wishes(int Priority, int NotBefore, int Deadline, int MaxRetries, int Backoff, int QueueTimeout, int References, int Unknown = 0)
{
    public static Gen<Wishes> Any { get; } =
        Gen.Select(Gen.Int[0, 100], Gen.Int[0, 3], Gen.Int[0, 5], Gen.Int[0, 4], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 31],
            (a, b, c, d, e, f, g) => new Wishes(a, b, c, d, e, f, g & 7, g >> 3));

    public JobSubmission Submission() => Samples.Submission() with
    {
        Priority = Priority,
        NotBefore = NotBefore == 0 ? null : Samples.Start + ((NotBefore - 1) * 2_000),
        Deadline = Deadline == 0 ? null : Samples.Start + (Deadline * 20_000),
        MaxRetries = MaxRetries == 0 ? null : MaxRetries - 1,
        Retry = Backoff == 0 ? null : new((Backoff - 1) * 500, 60_000, 2),
        QueueTimeoutMs = QueueTimeout == 0 ? null : QueueTimeout * 100_000,
        Idempotent = Unknown == 1,
        OnUnknown = Unknown switch { 2 => "fail", 3 => "rerun", _ => null },
        CustomerId = (References & 1) == 0 ? null : "customer-1",
        WorkflowId = (References & 2) == 0 ? null : "workflow-1",
        WorkflowPriority = (References & 2) == 0 ? null : 70,
        WorkflowTime = (References & 4) == 0 ? null : Samples.Start - 5_000,
    };

    /// <summary>The most attempts that a job of these wishes may have.</summary>
    public int AttemptLimit => MaxRetries == 0 ? 5 : MaxRetries;
}

/// <summary>Classes of failure as workers report them, the unknown one included.</summary>
internal static class ReportedClasses
{
    public static IReadOnlyList<string> All { get; } =
    [
        FailureClasses.Transient, FailureClasses.Transient, FailureClasses.ResourceExhaustion, FailureClasses.RateLimited,
        FailureClasses.Malformed, FailureClasses.Refused, FailureClasses.Unauthorized, FailureClasses.MissingHere, "unheard_of",
    ];
}

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>What is known of a job whose owner is lost, while its service is asked. Times are Unix ms of the store's clock.</summary>
/// <param name="Since">When the owner was lost.</param>
/// <param name="LeaseEndedAt">The end of its lease: up to then it may have posted.</param>
/// <param name="Graceful">Its worker said farewell: what follows is not counted against the job.</param>
/// <param name="NextAskAt">When the instance is asked again.</param>
/// <param name="HoldUntil">When <c>on_unknown</c> decides.</param>
/// <param name="Asks">How often it was asked so far.</param>
/// <param name="AbsentAt">When it was found absent the first time.</param>
/// <param name="NodeGoneSince">Since when the machine of the instance has no live worker.</param>
/// <param name="NodeSeen">That machine had a live worker at some question.</param>
/// <param name="StopTold">The service was told to stop the work.</param>
/// <param name="HeldReason">Why nobody can say what became of it; null: the asking goes on.</param>
public sealed record Inquiry(
    long Since,
    long LeaseEndedAt,
    bool Graceful,
    long NextAskAt,
    long HoldUntil,
    int Asks = 0,
    long? AbsentAt = null,
    long? NodeGoneSince = null,
    bool NodeSeen = false,
    bool StopTold = false,
    string? HeldReason = null);

/// <summary>Where a job is not to be tried.</summary>
/// <param name="Target"><c>worker:ID</c>, <c>instance:ID</c>, or <c>memory:MB</c>: where less GPU memory than this is free.</param>
/// <param name="Until">End, Unix ms of the store's clock.</param>
public sealed record Exclusion(string Target, long Until)
{
    public const string WorkerPrefix = "worker:";
    public const string InstancePrefix = "instance:";
    public const string MemoryPrefix = "memory:";

    /// <summary>GPU memory that must be free, MB; 0: it is no exclusion by memory.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long MemoryMb => Target.StartsWith(MemoryPrefix, StringComparison.Ordinal)
        ? long.Parse(Target.AsSpan(MemoryPrefix.Length), System.Globalization.CultureInfo.InvariantCulture) : 0;
}

/// <summary>The limits of recovery; see the options of the same names.</summary>
public sealed record RecoveryPolicy(TimeSpan HoldLimit, TimeSpan LostMachineAfter, int Rescues)
{
    public static RecoveryPolicy Default { get; } = new(TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(120), 3);

    /// <summary>How long an answer is waited for before the question is repeated.</summary>
    public const long AskAgainMs = 7_000;

    /// <summary>Pause before the next question: 1, 2, 4 s and so on up to 30 s.</summary>
    public static long Pause(int asks) => Math.Min(1_000L << Math.Clamp(asks - 1, 0, 5), 30_000);
}

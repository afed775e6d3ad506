using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Sagas.Planning;

/// <summary>A saga under way, as it is stored. Times are Unix ms of the store's clock.</summary>
public sealed record SagaRun
{
    /// <summary>Version of this form; a higher one is refused.</summary>
    public const int CurrentSchema = 1;

    public int Schema { get; init; } = CurrentSchema;
    public required SagaStatus Status { get; init; }

    /// <summary>The definition as it was when the saga began, which it keeps.</summary>
    public required JsonObject Definition { get; init; }

    /// <summary>Its registered version; null: it came with the submission.</summary>
    public int? Version { get; init; }
    public JsonNode? Input { get; init; }
    public string? CustomerId { get; init; }
    public required string BodyHash { get; init; }
    public required IReadOnlyList<StepRun> Steps { get; init; }

    /// <summary>Its place among all submissions.</summary>
    public long Sequence { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long CreatedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long Deadline { get; init; }
    public long? FinishedAt { get; init; }

    /// <summary>Why it is undone, parked or ended without success.</summary>
    public string? Reason { get; init; }

    /// <summary>Nothing is started while it is set.</summary>
    public bool Paused { get; init; }

    /// <summary>Somebody asked for its end.</summary>
    public CancelWish? Cancel { get; init; }
    public JsonNode? Output { get; init; }

    /// <summary>Signals that came before a step waited for them, the latest of each name.</summary>
    public IReadOnlyDictionary<string, JsonNode?>? Signals { get; init; }

    /// <summary>The saga and the key of its unit that this one was begun for.</summary>
    public SagaParent? Parent { get; init; }

    /// <summary>How many sagas it lies in.</summary>
    public int Depth { get; init; }

    /// <summary>How many starts there were; the next one has this number.</summary>
    public int Starts { get; init; }

    /// <summary>When it is next looked at whether all it began is really under way.</summary>
    public long CheckAt { get; init; }

    /// <summary>The pause before that look; it doubles while nothing changes.</summary>
    public long CheckPauseMs { get; init; }

    /// <summary>Events written so far.</summary>
    public long EventCount { get; init; }

    /// <summary>How long it is kept when it is over, ms.</summary>
    public long KeepMs { get; init; }

    [JsonIgnore]
    public bool IsOver => Status is SagaStatus.Completed or SagaStatus.Compensated or SagaStatus.Cancelled or SagaStatus.Failed;
}

/// <summary>Whose child a saga is.</summary>
public sealed record SagaParent(string SagaId, string Key);

/// <summary>A wish for a saga's end.</summary>
/// <param name="Compensate">Whether what was started is to be undone.</param>
/// <param name="Reason">Why.</param>
/// <param name="ByDeadline">Nobody wished it: its time was over, or its output could not be made.</param>
public sealed record CancelWish(bool Compensate, string Reason, bool ByDeadline = false);

/// <summary>States of a saga.</summary>
public enum SagaStatus
{
    /// <summary>Under way.</summary>
    Running = 1,

    /// <summary>It failed or was cancelled, and what was started is being undone.</summary>
    Compensating,

    /// <summary>It waits for an operator, and says why.</summary>
    Parked,

    /// <summary>For good: all its steps ended well, were skipped, or failed under <c>continue</c>.</summary>
    Completed,

    /// <summary>For good: what was started is undone.</summary>
    Compensated,

    /// <summary>For good: cancelled, and nothing undone.</summary>
    Cancelled,

    /// <summary>For good: it failed, and nothing was there to undo.</summary>
    Failed,
}

/// <summary>A step under way.</summary>
public sealed record StepRun
{
    public required string Name { get; init; }
    public required StepStatus Status { get; init; }

    /// <summary>Its starts: one, or one for each entry of its <c>for_each</c>. Empty before it begins.</summary>
    public IReadOnlyList<UnitRun> Units { get; init; } = [];
    public string? Error { get; init; }
}

/// <summary>States of a step.</summary>
public enum StepStatus
{
    /// <summary>Not begun.</summary>
    Pending = 1,

    /// <summary>At least one unit is not over.</summary>
    Running,
    Completed,
    Failed,

    /// <summary>Its condition did not hold, a step that it needs was skipped or failed, or the saga ended first.</summary>
    Skipped,
}

/// <summary>One start of a step, with its tries and its undoing.</summary>
public sealed record UnitRun
{
    public required UnitStatus Status { get; init; }

    /// <summary>The entry of <c>for_each</c>.</summary>
    public JsonNode? Item { get; init; }

    /// <summary>Its place among all starts of the saga; null: not started.</summary>
    public int? Start { get; init; }

    /// <summary>Tries so far, with the one under way.</summary>
    public int Try { get; init; }

    /// <summary>Tries that retries by hand do not count any more.</summary>
    public int TriesBefore { get; init; }

    /// <summary>What the try under way does, with all values in.</summary>
    public JsonNode? Request { get; init; }
    public long? StartedAt { get; init; }

    /// <summary>When the try's time is over, its delay ends or its pause before the next try.</summary>
    public long? DueAt { get; init; }

    /// <summary>It is to end: why. What it began is stopped, and its end waited for.</summary>
    public string? Stop { get; init; }
    public JsonNode? Output { get; init; }
    public string? Error { get; init; }
    public long? EndedAt { get; init; }

    /// <summary>Its undoing; null: none yet.</summary>
    public UndoRun? Undo { get; init; }

    [JsonIgnore]
    public bool IsOver => Status is UnitStatus.Completed or UnitStatus.Failed or UnitStatus.Cancelled;
}

/// <summary>States of a unit.</summary>
public enum UnitStatus
{
    Pending = 1,
    Running,

    /// <summary>A try failed, and the next one is due later.</summary>
    Retrying,
    Completed,
    Failed,

    /// <summary>Stopped, or not begun before the saga's end.</summary>
    Cancelled,
}

/// <summary>The undoing of a unit.</summary>
public sealed record UndoRun
{
    public required UndoStatus Status { get; init; }
    public int Try { get; init; }
    public int TriesBefore { get; init; }
    public JsonNode? Request { get; init; }
    public long? DueAt { get; init; }
    public string? Stop { get; init; }
    public string? Error { get; init; }
    public long? EndedAt { get; init; }
}

/// <summary>States of an undoing.</summary>
public enum UndoStatus
{
    Running = 1,
    Retrying,
    Done,

    /// <summary>Its tries are used up: an operator retries or skips it.</summary>
    Failed,

    /// <summary>An operator said that it is not needed.</summary>
    Skipped,
}

/// <summary>How a try ended.</summary>
/// <param name="Output">Its output; null: none, or it failed.</param>
/// <param name="Error">Why it failed; null: it did not.</param>
/// <param name="Final">Another try would fail alike.</param>
public sealed record UnitEnd(JsonNode? Output, string? Error = null, bool Final = false)
{
    [JsonIgnore]
    public bool Failed => Error is not null;
}

/// <summary>Names one try of a unit or of its undoing; the same in every repetition.</summary>
/// <param name="Step">The step.</param>
/// <param name="Unit">The entry of its <c>for_each</c>, from 0; 0 without one.</param>
/// <param name="Undo">Whether it is the undoing.</param>
/// <param name="Try">From 1.</param>
public readonly record struct UnitKey(string Step, int Unit, bool Undo, int Try)
{
    /// <summary><c>STEP.UNIT.TRY</c>, with <c>undo-</c> before the try of an undoing.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Step}.{Unit}.{(Undo ? "undo-" : "")}{Try}");

    /// <summary>Reads a key back; null: it is none.</summary>
    public static UnitKey? Parse(string text)
    {
        var parts = text.Split('.');
        if (parts.Length != 3)
            return null;
        var undo = parts[2].StartsWith("undo-", StringComparison.Ordinal);
        return int.TryParse(parts[1], out var unit) && int.TryParse(undo ? parts[2][5..] : parts[2], out var @try) ? new(parts[0], unit, undo, @try) : null;
    }
}

/// <summary>Something that is to be under way, or to be stopped.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Kind">The word of the definition: <c>job</c>, <c>http</c> or <c>saga</c>.</param>
/// <param name="Request">What it does.</param>
/// <param name="Stop">Why it is to be stopped; null: it is to be under way.</param>
public sealed record SagaWork(UnitKey Key, string Kind, JsonNode Request, string? Stop);

/// <summary>Something that happened in a saga.</summary>
/// <param name="Type">What.</param>
/// <param name="Step">Where; null: the whole.</param>
/// <param name="Unit">The entry of its <c>for_each</c>; null: the step has none.</param>
/// <param name="Try">The try; 0: none.</param>
/// <param name="Reason">Why.</param>
public sealed record SagaHappening(string Type, string? Step = null, int? Unit = null, int Try = 0, string? Reason = null);

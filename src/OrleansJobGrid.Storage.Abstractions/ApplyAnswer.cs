namespace OrleansJobGrid.Storage;

/// <summary>The answer to a batch.</summary>
/// <param name="Clock">The store's clock at the batch, Unix ms.</param>
/// <param name="Results">One result an operation, in the batch's order.</param>
public sealed record ApplyAnswer(long Clock, IReadOnlyList<OperationResult> Results);

/// <summary>What became of one operation.</summary>
public enum OperationOutcome
{
    /// <summary>Written by this call.</summary>
    Applied,

    /// <summary>The stored operation id is this one's: an earlier sending of the same bytes was written.</summary>
    AlreadyApplied,

    /// <summary>The stored version or operation id is not the expected one.</summary>
    Conflict,

    /// <summary>The clock has not reached <see cref="JobOperation.NotBefore"/>.</summary>
    TooEarly,

    /// <summary>The session named is marked as ended.</summary>
    SessionEnded,

    /// <summary>The operation itself is not valid; <see cref="OperationResult.Reason"/> names the field.</summary>
    Rejected,
}

/// <summary>One operation's result.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Version">The version stored after the call; 0: no record.</param>
/// <param name="ReadyNumber">
/// The number of the ready entry that the operation put in, or else of the one it took out; 0: neither. Also given for
/// <see cref="OperationOutcome.AlreadyApplied"/> where an entry is in; a number that was taken out is then not known (0).
/// </param>
/// <param name="Reason">Why, for <see cref="OperationOutcome.Rejected"/>.</param>
public readonly record struct OperationResult(OperationOutcome Outcome, long Version, long ReadyNumber = 0, string? Reason = null)
{
    /// <summary>Whether the operation's bytes are what is stored.</summary>
    public bool Holds => Outcome is OperationOutcome.Applied or OperationOutcome.AlreadyApplied;
}

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Why an attempt was told to end.</summary>
internal enum EndOrder
{
    None,

    /// <summary>The grid asks for it: cancelled, paused, timed out.</summary>
    Stop,

    /// <summary>The grant is not the job's any more: the work is stopped, also outside, and nothing is to be reported.</summary>
    Abandon,

    /// <summary>The session is lost, or another attempt has the work: what runs outside is left alone, and nothing is to be reported.</summary>
    LetGo,

    /// <summary>The worker leaves; what runs outside goes on.</summary>
    Drain,

    /// <summary>It made no progress for its longest time.</summary>
    Stall,

    /// <summary>Its lease is too short for a post.</summary>
    NoLease,

    /// <summary>It has ended by itself.</summary>
    Over,
}

using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Recovery;

/// <summary>What is known of a session besides its record.</summary>
/// <param name="ProcessDead">Its process is known to have ended.</param>
/// <param name="ProcessDeadForMs">For how long that is known.</param>
/// <param name="LingerMs">How long its work may outlive it.</param>
public readonly record struct SessionSigns(bool ProcessDead, long ProcessDeadForMs, long LingerMs);

/// <summary>Whether a session is over, and why. Pure.</summary>
public static class SessionDeath
{
    /// <summary>How long after a lease's end its work is surely over: the worker stops by its own clock.</summary>
    public const long GraceMs = 1_000;

    /// <summary>
    /// A session whose mark stands is over; one whose process is known dead is over once nothing of its work can live on; any other
    /// is over 1 s after its lease's end, unless the store was away (nobody could renew then).
    /// </summary>
    /// <param name="session">Its record.</param>
    /// <param name="signs">What is known besides.</param>
    /// <param name="clock">The store's clock.</param>
    /// <param name="outage">Until when no lease is held against its worker, since nobody could renew.</param>
    /// <returns>The cause and its words; null: it lives.</returns>
    public static (SessionEndCause Cause, string Reason)? Of(SessionRecord session, SessionSigns signs, long clock, long outage)
    {
        if (signs.ProcessDead)
            return session.Ended || signs.ProcessDeadForMs >= signs.LingerMs ? (SessionEndCause.ProcessDead, "its worker's process is dead") : null;
        if (session.Ended)
            return (SessionEndCause.LeaseEnded, "its session ended");
        if (clock >= outage && session.ExpiresAt + GraceMs + signs.LingerMs <= clock)
        {
            return session.ExpiresAt < outage
                ? (SessionEndCause.Outage, "its lease could not be renewed while the store was away")
                : (SessionEndCause.LeaseEnded, "its worker's lease ended without a sign of life");
        }

        return null;
    }
}

namespace OrleansJobGrid.Contracts.Reconciliation;

/// <summary>
/// Another system that keeps the states of jobs and sagas for itself, such as an API's database or a client. What it has is compared with
/// the grid, and put right where it differs. A host registers its own as a service; those of the settings are reached by HTTP.
/// </summary>
public interface IStateSource
{
    /// <summary>Its name, for reports.</summary>
    string Name { get; }

    /// <summary>Its place among the sources of truth, from 2 on: the grid has 1, and of two sources the lower rank is believed.</summary>
    int Rank { get; }

    /// <summary>Whether it should have every job of the grid; else only what it has is compared.</summary>
    bool ExpectsAll { get; }

    /// <summary>Its own word for a state of the grid.</summary>
    string WordFor(string gridState);

    /// <summary>A page of what it has. Where it has one id several times, the newest holds.</summary>
    /// <param name="cursor">Of the page before; null: the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StateSourceException">It cannot be read.</exception>
    Task<StatePage> ReadAsync(string? cursor, int limit, CancellationToken cancellationToken);

    /// <summary>Puts right what it has of an id.</summary>
    /// <param name="entry">The state in its own word, and since when.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StateSourceException">It would not.</exception>
    Task RepairAsync(StateEntry entry, CancellationToken cancellationToken);
}

/// <summary>What a source has of a job or a saga.</summary>
/// <param name="Id">The job's id, or <c>saga/</c> and the saga's.</param>
/// <param name="State">In the source's own word.</param>
/// <param name="UpdatedAt">Since when, Unix ms.</param>
public sealed record StateEntry(string Id, string State, long UpdatedAt);

/// <summary>A page of a source; the cursor leads to the next one, null: there is none.</summary>
public sealed record StatePage(IReadOnlyList<StateEntry> Entries, string? NextCursor);

/// <summary>A source could not be read or put right.</summary>
public sealed class StateSourceException(string message, Exception? inner = null) : Exception(message, inner);

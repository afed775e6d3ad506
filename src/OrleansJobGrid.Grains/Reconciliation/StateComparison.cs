using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Reconciliation;

namespace OrleansJobGrid.Grains.Reconciliation;

/// <summary>Decides whom to believe about a job or a saga, and who differs. Reads no clock and calls nobody.</summary>
internal static class StateComparison
{
    /// <summary>States of the grid's jobs and sagas, by their wire names.</summary>
    private static readonly string[] GridStates = [.. JobStatusNames.All.Select(s => s.Name()).Union(["running", "compensating", "parked", "completed", "compensated", "cancelled", "failed"])];

    private static readonly HashSet<string> Final = [.. JobStatusNames.All.Where(s => s.IsFinal()).Select(s => s.Name()), "compensated"];

    /// <summary>What a source has of one id.</summary>
    public sealed record Said(IStateSource Source, StateEntry? Entry);

    /// <summary>Of several entries of one source the newest; of equals the first.</summary>
    public static StateEntry Newest(StateEntry one, StateEntry other) => other.UpdatedAt > one.UpdatedAt ? other : one;

    /// <summary>The differences of one id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="grid">What the grid has; null: it does not know it.</param>
    /// <param name="others">What each source has.</param>
    /// <param name="now">The store's clock, Unix ms.</param>
    /// <param name="graceMs">What the grid changed more recently is still on its way.</param>
    /// <returns>Each with the entry that puts it right; null: nobody knows what is right.</returns>
    public static IReadOnlyList<(StateDifference Difference, IStateSource Source, StateEntry? Right)> Of(
        string id, StateEntry? grid, IReadOnlyList<Said> others, long now, long graceMs)
    {
        if (grid is not null && now - grid.UpdatedAt < graceMs)
            return [];
        var found = new List<(StateDifference, IStateSource, StateEntry?)>();
        var ranked = others.OrderBy(o => o.Source.Rank).ThenBy(o => o.Source.Name, StringComparer.Ordinal).ToList();
        var believed = grid is null ? ranked.FirstOrDefault(o => o.Entry is not null) : null;
        if (grid is null && believed is null)
            return [];
        // What is believed, in the grid's states: a word of another system may stand for several.
        string[] states = grid is not null ? [grid.State] : StatesOf(believed!);
        var since = grid?.UpdatedAt ?? believed!.Entry!.UpdatedAt;
        var by = believed?.Source.Name ?? "grid";
        foreach (var (source, entry) in ranked)
        {
            if (ReferenceEquals(source, believed?.Source))
            {
                if (!states.Any(Final.Contains))
                    found.Add((new(id, source.Name, "unknown", entry!.State, null, null, false, "The grid does not know it: it was never submitted, or its record went after its time of keeping."), source, null));
                continue;
            }

            // It is to have what the grid has, not what somebody else says.
            if (entry is null && (grid is null || !source.ExpectsAll))
                continue;
            var right = states.Select(source.WordFor).ToList();
            if (entry is not null && right.Contains(entry.State))
                continue;
            found.Add((new(id, source.Name, entry is null ? "missing" : "differs", entry?.State, right[0], by, false, null), source, new(id, right[0], since)));
        }

        return found;
    }

    private static string[] StatesOf(Said said)
    {
        var states = GridStates.Where(s => said.Source.WordFor(s) == said.Entry!.State).ToArray();
        return states.Length > 0 ? states : [said.Entry!.State];
    }
}

using CsCheck;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Grains.Reconciliation;
using Xunit;

namespace OrleansJobGrid.UnitTests.Reconciliation;

/// <summary>Whom the reconciler believes, and who differs.</summary>
public sealed class StateComparisonTests
{
    private const long Now = 1_000_000;
    private const long Grace = 60_000;

    private static readonly string[] States = ["pending", "in_progress", "completed", "failed"];

    [Fact]
    public void The_grid_is_believed_then_the_lower_rank()
    {
        var api = new Source("api", 2);
        var client = new Source("client", 3);
        var grid = new StateEntry("j", "completed", 0);
        Assert.Equal(
            ["api differs failed->completed by grid", "client differs pending->completed by grid"],
            Shown(StateComparison.Of("j", grid, [Said(client, "pending"), Said(api, "failed")], Now, Grace)));
        Assert.Equal(["client differs pending->failed by api"], Shown(StateComparison.Of("j", null, [Said(client, "pending"), Said(api, "failed")], Now, Grace)));
        // Nobody but one that says so knows of a job that is not over.
        Assert.Equal(["api unknown pending-> by "], Shown(StateComparison.Of("j", null, [Said(api, "pending"), Said(client, null)], Now, Grace)));
        Assert.Empty(StateComparison.Of("j", null, [Said(api, "completed"), Said(client, null)], Now, Grace));
    }

    [Fact]
    public void A_source_that_should_have_all_lacks_what_it_has_not()
    {
        var all = new Source("all", 2, ExpectsAll: true);
        Assert.Equal(["all missing ->completed by grid"], Shown(StateComparison.Of("j", new("j", "completed", 0), [Said(all, null), Said(new Source("some", 3), null)], Now, Grace)));
    }

    [Fact]
    public void Words_of_other_systems_may_stand_for_several_states()
    {
        var api = new Source("api", 2, Words: new() { ["pending"] = "open", ["assigned"] = "open", ["in_progress"] = "open", ["completed"] = "done" });
        Assert.Empty(StateComparison.Of("j", new("j", "assigned", 0), [Said(api, "open")], Now, Grace));
        Assert.Equal(["api differs open->done by grid"], Shown(StateComparison.Of("j", new("j", "completed", 0), [Said(api, "open")], Now, Grace)));
        // A client's word is compared with what the API's word stands for.
        var client = new Source("client", 3);
        Assert.Equal(["api unknown open-> by "], Shown(StateComparison.Of("j", null, [Said(api, "open"), Said(client, "in_progress")], Now, Grace)));
        Assert.Equal(["client differs in_progress->completed by api"], Shown(StateComparison.Of("j", null, [Said(api, "done"), Said(client, "in_progress")], Now, Grace)));
    }

    [Fact]
    public void What_the_grid_changed_just_now_is_still_on_its_way() =>
        Assert.Empty(StateComparison.Of("j", new("j", "completed", Now - Grace + 1), [Said(new Source("api", 2), "pending")], Now, Grace));

    [Fact]
    public void Of_one_source_the_newest_holds()
    {
        Assert.Equal("b", StateComparison.Newest(new("j", "a", 1), new("j", "b", 2)).State);
        Assert.Equal("b", StateComparison.Newest(new("j", "b", 2), new("j", "a", 1)).State);
        Assert.Equal("a", StateComparison.Newest(new("j", "a", 1), new("j", "b", 1)).State);
    }

    [Fact]
    public void After_all_repairs_nothing_differs_and_nobody_above_was_touched()
    {
        var state = Gen.Int[0, States.Length].Select(i => i == 0 ? null : States[i - 1]);
        Gen.Select(state, state.Array[1, 5], Gen.Bool.Array[5]).Sample((grid, said, all) =>
        {
            var sources = said.Select((_, i) => new Source($"s{i}", 2 + (i / 2), all[i])).ToList();
            var entries = said.Select((s, i) => Said(sources[i], s)).ToList();
            var gridEntry = grid is null ? null : new StateEntry("j", grid, 0);
            var found = StateComparison.Of("j", gridEntry, entries, Now, Grace);
            var believed = gridEntry is not null ? 0 : entries.Where(e => e.Entry is not null).OrderBy(e => e.Source.Rank).ThenBy(e => e.Source.Name, StringComparer.Ordinal).Select(e => e.Source.Rank).FirstOrDefault();
            Assert.All(found.Where(f => f.Right is not null), f => Assert.True(f.Source.Rank >= believed));
            foreach (var (_, source, right) in found.Where(f => f.Right is not null))
                entries[entries.FindIndex(e => e.Source == source)] = new(source, right);
            Assert.All(StateComparison.Of("j", gridEntry, entries, Now, Grace), f => Assert.Equal("unknown", f.Difference.Kind));
            var known = entries.Where(e => e.Entry is not null).Select(e => e.Entry!.State).Concat(grid is null ? [] : [grid]).Distinct();
            Assert.True(known.Count() <= 1);
        }, iter: 20_000);
    }

    private static IEnumerable<string> Shown(IReadOnlyList<(StateDifference Difference, IStateSource Source, StateEntry? Right)> found) =>
        found.Select(f => $"{f.Difference.Source} {f.Difference.Kind} {f.Difference.Has}->{f.Difference.ShouldBe} by {f.Difference.Believed}");

    private static StateComparison.Said Said(Source source, string? state) => new(source, state is null ? null : new("j", state, 0));

    private sealed record Source(string Name, int Rank, bool ExpectsAll = false, Dictionary<string, string>? Words = null) : IStateSource
    {
        public string WordFor(string gridState) => Words?.GetValueOrDefault(gridState, gridState) ?? gridState;

        public Task<StatePage> ReadAsync(string? cursor, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task RepairAsync(StateEntry entry, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

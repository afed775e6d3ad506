using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Conformance;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task ReadJobs_GivesNullAtTheAbsentOnesPlace()
    {
        await ApplyAll(Ops.Create(Job(0), "zero"), Ops.Create(Job(2), "two"));
        var read = await Store.ReadJobsAsync(Shard, [Job(2), Job(1), Job(0), Job(2)], Token);
        Assert.Equal(["two", null, "zero", "two"], read.Select(j => j is null ? null : Ops.Text(j.Record)));
        Assert.Empty(await Store.ReadJobsAsync(Shard, [], Token));
    }

    [Fact]
    public async Task IndexEntries_AddMoveAndRemove()
    {
        var create = await Applied(Ops.Create(Job()) with { AddEntries = [new("all", 10), new("due", 99)] });
        var move = await Applied(Ops.After(create) with { RemoveEntries = [new("all", 10), new("absent", 1)], AddEntries = [new("all", 20)] });
        Assert.Equal([new IndexPosition(20, Job())], await ReadWholeIndex("all", false, 10));
        Assert.Equal([1, 1, 0, 0], await Store.CountIndexesAsync(Shard, ["all", "due", "absent", "never"], Token));

        var same = await Applied(Ops.After(move) with { RemoveEntries = [new("all", 20)], AddEntries = [new("all", 20)] });
        Assert.Equal([1, 1], await Store.CountIndexesAsync(Shard, ["all", "due"], Token));

        await Applied(Ops.After(same) with { RemoveEntries = [new("all", 20), new("due", 99)] });
        Assert.Empty(await ReadWholeIndex("all", false, 10));
        Assert.Equal([0, 0], await Store.CountIndexesAsync(Shard, ["due", "all"], Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Index_PagesInTheOrderOfScoreThenJobId(bool descending)
    {
        var random = new Random(11);
        var entries = Enumerable.Range(0, 700)
            .Select(n => new IndexPosition(random.Next(20) switch { 0 => -5, 1 => (1L << 53) - 1, var few => few }, Job(n))).ToList();
        await ApplyMany(entries.Select(e => Ops.Create(e.JobId) with { AddEntries = [new("all", e.Score), new("other", 1)] }));
        var expected = entries.OrderBy(e => e.Score).ThenBy(e => e.JobId, StringComparer.Ordinal).ToList();
        if (descending)
            expected.Reverse();
        Assert.Equal(expected, await ReadWholeIndex("all", descending, 64));
        Assert.Equal(expected, await ReadWholeIndex("all", descending, StoreLimits.ReadPage));

        // A position that is no entry any more is still a place.
        var between = new IndexPosition(expected[99].Score, expected[99].JobId + (descending ? "" : "~"));
        var rest = await Store.ReadIndexAsync(Shard, "all", between, descending, 5, Token);
        Assert.Equal(expected.Skip(100).Take(5), rest.Entries);
    }

    [Fact]
    public async Task Delete_RemovesRecordAndEventsAndTheIdCanBeUsedAgain()
    {
        var create = await Applied(Ops.Create(Job()) with
        {
            AddReady = Ops.Ready(),
            AddEntries = [new("all", 1)],
            Events = [Ops.Bytes("created")],
        });
        var delete = Ops.Delete(create) with { RemoveReady = true, RemoveEntries = [new("all", 1)], Counters = [new("deleted", 1)] };
        Assert.Equal(new OperationResult(OperationOutcome.Applied, 0, 1), await Apply(delete));
        var dump = await Store.DumpAsync(Shard, Token);
        Assert.Empty(dump.Jobs);
        Assert.Empty(dump.Entries);
        Assert.Empty(dump.Ready);
        Assert.Empty(dump.JobsWithEvents);
        Assert.Null(await Read(Job()));
        Assert.Empty(await Store.ReadEventsAsync(Shard, Job(), Token));
        Assert.Equal(new OperationResult(OperationOutcome.Conflict, 0), await Apply(delete));
        Assert.Equal(1, (await Store.ReadCountersAsync(Token))["deleted"]);

        await Applied(Ops.Create(Job(), "again") with { Events = [Ops.Bytes("anew")] });
        Assert.Equal("anew", Ops.Text(Assert.Single(await Store.ReadEventsAsync(Shard, Job(), Token))));
    }

    [Fact]
    public async Task Events_KeepTheOrderOfAppending()
    {
        var last = await Applied(Ops.Create(Job()) with { Events = [Ops.Bytes("e1"), Ops.Bytes("e2")] });
        for (var n = 3; n < 15; n++)
            last = await Applied(Ops.After(last) with { Events = [Ops.Bytes($"e{n}")] });
        await _underTest!.ReopenAsync();
        last = await Applied(Ops.After(last));
        await Applied(Ops.After(last) with { Events = [Ops.Bytes("e15")] });
        await Applied(Ops.Create(Job(1)) with { Events = [Ops.Bytes("another job's")] });
        var events = await Store.ReadEventsAsync(Shard, Job(), Token);
        Assert.Equal(Enumerable.Range(1, 15).Select(n => $"e{n}"), events.Select(Ops.Text));
        Assert.Equal(new[] { Job(), Job(1) }.Order(StringComparer.Ordinal), (await Store.DumpAsync(Shard, Token)).JobsWithEvents.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Counters_SumOverOperationsAndShards()
    {
        await ApplyAll(
            Ops.Create(Job(0)) with { Counters = [new("done", 2), new("failed", 1)] },
            Ops.Create(Job(1)) with { Counters = [new("done", 3), new("done", 5)] });
        await Store.ApplyAsync(0, [Ops.Create(Ops.JobIn(0, Store.ShardCount, 99)) with { Counters = [new("done", 100)] }], Token);
        var counters = await Store.ReadCountersAsync(Token);
        Assert.Equal((110L, 1L), (counters["done"], counters["failed"]));
    }
}

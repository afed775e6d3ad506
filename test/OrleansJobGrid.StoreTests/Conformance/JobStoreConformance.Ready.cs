using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Conformance;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task ReadyNumbers_RiseByOneInEachQueue()
    {
        JobOperation InQueue(int n, string queue) => Ops.Create(Job(n)) with { AddReady = Ops.Ready(queue) };
        var first = await ApplyAll(InQueue(0, "a"), InQueue(1, "b"), InQueue(2, "a"), InQueue(3, "a"));
        Assert.Equal([1, 1, 2, 3], first.Select(r => r.ReadyNumber));
        await _underTest!.ReopenAsync();
        var second = await ApplyAll(InQueue(4, "b"), InQueue(0, "a"), InQueue(5, "a"));
        Assert.Equal([2, 0, 4], second.Select(r => r.ReadyNumber));
        Assert.Equal(OperationOutcome.Conflict, second[1].Outcome);
    }

    [Fact]
    public async Task RemoveReady_ReturnsTheNumberTakenOutAndTheMarksFollow()
    {
        var one = await Applied(Ops.Create(Job(1)) with { AddReady = Ops.Ready() });
        var two = await Applied(Ops.Create(Job(2)) with { AddReady = Ops.Ready() });
        Assert.Equal(new ReadyMark(Shard, "default", 2, 2), Assert.Single(await Store.ReadReadyMarksAsync(Token)));

        var taken = Ops.After(two) with { RemoveReady = true };
        Assert.Equal(new OperationResult(OperationOutcome.Applied, 2, 2), await Apply(taken));
        Assert.Equal(0, (await Apply(taken)).ReadyNumber);
        Assert.Equal(new OperationResult(OperationOutcome.Applied, 3, 0), await Apply(Ops.After(taken) with { RemoveReady = true }));
        Assert.Equal(new ReadyMark(Shard, "default", 2, 1), Assert.Single(await Store.ReadReadyMarksAsync(Token)));
        Assert.Equal(Job(1), Assert.Single(await ReadAllReady("default")).JobId);

        var moved = Ops.After(one) with { RemoveReady = true, AddReady = Ops.Ready("other") };
        Assert.Equal(new OperationResult(OperationOutcome.Applied, 2, 1), await Apply(moved));
        Assert.Empty(await ReadAllReady("default"));
        Assert.Equal(1, Assert.Single(await ReadAllReady("other")).Number);
        Assert.Equal(
            [new ReadyMark(Shard, "default", 2, 0), new ReadyMark(Shard, "other", 1, 1)],
            (await Store.ReadReadyMarksAsync(Token)).OrderBy(m => m.Queue, StringComparer.Ordinal));
    }

    [Fact]
    public async Task AddReady_WhenAnEntryIsIn_ReplacesIt()
    {
        var create = await Applied(Ops.Create(Job()) with { AddReady = Ops.Ready(priority: 1) });
        Assert.Equal(2, (await Apply(Ops.After(create) with { AddReady = Ops.Ready(priority: 2) })).ReadyNumber);
        var entry = Assert.Single(await ReadAllReady("default"));
        Assert.Equal((2L, 2), (entry.Number, entry.Order.Priority));
        Assert.Equal(new ReadyMark(Shard, "default", 2, 1), Assert.Single(await Store.ReadReadyMarksAsync(Token)));
    }

    [Fact]
    public async Task ReadyEntry_ComesBackWholeAndItsSignatureIsKeptOnce()
    {
        var ready = Ops.Ready("gpu", priority: 100, time: 1_785_000_000_123, sequence: 1L << 52, signature: "models=flux|vram>=24") with
        {
            Customer = "Müller & Co: \"x\"",
        };
        await Applied(Ops.Create(Job(1)) with { AddReady = ready });
        await Applied(Ops.Create(Job(2)) with { AddReady = ready with { Customer = "" } });
        await Applied(Ops.Create(Job(3)) with { AddReady = Ops.Ready("gpu", priority: 0, time: 0, sequence: 0, signature: "") });
        var entries = (await ReadAllReady("gpu")).OrderBy(e => e.Number).ToList();
        Assert.Equal(new StoredReady(Job(1), 1, ready.Order, ready.Signature, ready.Customer), entries[0]);
        Assert.Equal(new StoredReady(Job(2), 2, ready.Order, ready.Signature, ""), entries[1]);
        Assert.Equal(new ReadyOrder(0, 0, 0), entries[2].Order);
        await _underTest!.ReopenAsync();
        var signatures = await Store.ReadSignaturesAsync(Shard, Token);
        Assert.Equal(2, signatures.Count);
        Assert.Equal("models=flux|vram>=24", signatures[ready.Signature]);
        Assert.Equal("", signatures[entries[2].Signature]);
    }

    [Fact]
    public async Task ReadyEntries_OverManyPages_AllComeWhileOthersComeAndGo()
    {
        const int count = (2 * StoreLimits.ReadPage) + 500;
        var jobs = Enumerable.Range(0, count).Select(n => Ops.Create(Job(n)) with { AddReady = Ops.Ready(sequence: n) }).ToList();
        await ApplyMany(jobs);
        Assert.Equal(count, (await ReadAllReady("default")).Select(r => r.JobId).Distinct().Count());

        var page = await Store.ReadReadyAsync(Shard, "default", null, Token);
        Assert.NotNull(page.Next);
        var delivered = page.Entries.Select(e => e.JobId).ToHashSet();
        var gone = jobs.Where((_, n) => n % 10 == 0).ToList();
        await ApplyMany(gone.Select(job => Ops.After(job) with { RemoveReady = true }));
        await ApplyMany(Enumerable.Range(count, 500).Select(n => Ops.Create(Job(n)) with { AddReady = Ops.Ready(sequence: n) }));
        for (var cursor = page.Next; cursor is not null; cursor = page.Next)
        {
            page = await Store.ReadReadyAsync(Shard, "default", cursor, Token);
            delivered.UnionWith(page.Entries.Select(e => e.JobId));
        }
        Assert.Empty(jobs.Except(gone).Select(j => j.JobId).Except(delivered));
        Assert.Equal(new ReadyMark(Shard, "default", count + 500, count + 500 - gone.Count), Assert.Single(await Store.ReadReadyMarksAsync(Token)));
    }

    [Fact]
    public async Task Queue_ThatNobodyWrote_IsEmpty() => Assert.Empty(await ReadAllReady("nobody"));
}

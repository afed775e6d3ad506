using System.Globalization;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Conformance;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task Outbox_WhileClosed_TakesNothing()
    {
        await Applied(Ops.Create(Job()) with { Events = [Ops.Bytes("one")] });
        Assert.Equal("1..0", await ReadOutbox());
        // Closing and trimming what nobody opened is no fault.
        await Store.SetOutboxAsync(Shard, 0, Token);
        await Store.TrimOutboxAsync(Shard, 7, Token);
        Assert.Equal("1..0", await ReadOutbox());
    }

    [Fact]
    public async Task Outbox_PointsToEventsInTheOrderOfTheirWriting()
    {
        var old = await Applied(Ops.Create(Job(1), "r") with { Events = [Ops.Bytes("before")] });
        await Store.SetOutboxAsync(Shard, 100, Token);
        var first = Ops.Create(Job(2)) with { Events = [Ops.Bytes("a"), Ops.Bytes("b")], AddReady = Ops.Ready() };
        var second = Ops.After(old, "a longer record than before") with { Events = [Ops.Bytes("c")] };
        // Without events, not holding, or poisoned: none of these is pointed to.
        await ApplyAll(first, Ops.Create(Job(3)), second, Ops.After(Ops.Create(Job(4))) with { Events = [Ops.Bytes("never")] }, Ops.Create("") with { Events = [Ops.Bytes("never")] });
        await Applied(Ops.After(first, "taken") with { Events = [Ops.Bytes("d")], RemoveReady = true });
        var expected = $"1..3 1:{Job(2)}=a+b 2:{Job(1)}=c 3:{Job(2)}=d";
        Assert.Equal(expected, await ReadOutbox());

        await _underTest!.ReopenAsync();

        Assert.Equal(expected, await ReadOutbox());
        Assert.Equal($"1..3 3:{Job(2)}=d", await ReadOutbox(after: 2));
        Assert.Equal($"1..3 1:{Job(2)}=a+b", await ReadOutbox(limit: 1));
        Assert.Equal("1..3", await ReadOutbox(after: 3));
        Assert.Equal("1..3", await ReadOutbox(after: 1L << 52));
        await Applied(Ops.Create(Job(5)) with { Events = [Ops.Bytes("e")] });
        Assert.Equal($"1..4 4:{Job(5)}=e", await ReadOutbox(after: 3));
    }

    [Fact]
    public async Task Outbox_AResendIsPointedToOnce()
    {
        await Store.SetOutboxAsync(Shard, 100, Token);
        await using var faulty = new FaultyJobStore(Store, TimeProvider.System, leaveOpen: true);
        var create = Ops.Create(Job()) with { Events = [Ops.Bytes("once")] };
        faulty.Arm(StoreFault.ThrowAfter);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await faulty.ApplyAsync(Shard, [create], Token));
        Assert.Equal(OperationOutcome.AlreadyApplied, (await Apply(create)).Outcome);
        Assert.Equal($"1..1 1:{Job()}=once", await ReadOutbox());
    }

    [Fact]
    public async Task Outbox_WhoseJobIsGone_SaysSo()
    {
        await Store.SetOutboxAsync(Shard, 100, Token);
        var first = await Applied(Ops.Create(Job()) with { Events = [Ops.Bytes("lost")] });
        var second = await Applied(Ops.Create(Job(1)) with { Events = [Ops.Bytes("kept")] });
        await Applied(Ops.Delete(first));
        // A deletion appends no event, so there is nothing to point to.
        Assert.Equal($"1..2 1:{Job()}=gone 2:{second.JobId}=kept", await ReadOutbox());
    }

    [Fact]
    public async Task Outbox_IsTrimmedAndBounded_AndItsNumbersGoOn()
    {
        await Store.SetOutboxAsync(Shard, 3, Token);
        for (var n = 1; n <= 5; n++)
            await Applied(Ops.Create(Job(n)) with { Events = [Ops.Bytes(n.ToString(CultureInfo.InvariantCulture))] });
        Assert.Equal($"3..5 3:{Job(3)}=3 4:{Job(4)}=4 5:{Job(5)}=5", await ReadOutbox());
        Assert.Equal($"3..5 3:{Job(3)}=3 4:{Job(4)}=4 5:{Job(5)}=5", await ReadOutbox(after: 1));
        await Store.TrimOutboxAsync(Shard, 4, Token);
        await Store.TrimOutboxAsync(Shard, 2, Token);
        Assert.Equal($"5..5 5:{Job(5)}=5", await ReadOutbox());
        await Store.TrimOutboxAsync(Shard, 5, Token);
        Assert.Equal("6..5", await ReadOutbox());

        await Store.SetOutboxAsync(Shard, 0, Token);
        await Applied(Ops.Create(Job(6)) with { Events = [Ops.Bytes("unseen")] });
        await Store.SetOutboxAsync(Shard, 0, Token);
        await _underTest!.ReopenAsync();
        // The closing took a number: whoever read up to 5 is told of a gap.
        Assert.Equal("7..6", await ReadOutbox());
        await Store.SetOutboxAsync(Shard, 1, Token);
        await ApplyMany([Ops.Create(Job(7)) with { Events = [Ops.Bytes("7")] }, Ops.Create(Job(8)) with { Events = [Ops.Bytes("8")] }]);
        Assert.Equal($"8..8 8:{Job(8)}=8", await ReadOutbox());
        await Store.SetOutboxAsync(Shard, 0, Token);
        Assert.Equal("10..9", await ReadOutbox());
    }

    [Fact]
    public async Task Outbox_OfManyWriters_HasEveryEventOnceAndEachJobInOrder()
    {
        await Store.SetOutboxAsync(Shard, 100_000, Token);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(
            async () =>
            {
                var last = Ops.Create(Job(writer)) with { Events = [Ops.Bytes("0")] };
                for (var n = 1; n <= 60; n++)
                {
                    await Applied(last);
                    last = Ops.After(last) with { Events = [Ops.Bytes(n.ToString(CultureInfo.InvariantCulture))] };
                }
            },
            Token)));
        var seen = new List<OutboxEntry>();
        while (await Store.ReadOutboxAsync(Shard, seen.Count == 0 ? 0 : seen[^1].Number, 37, Token) is { Entries.Count: > 0 } page)
            seen.AddRange(page.Entries);
        Assert.Equal(Enumerable.Range(1, 480).Select(n => (long)n), seen.Select(e => e.Number));
        foreach (var job in seen.GroupBy(e => e.JobId))
            Assert.Equal(Enumerable.Range(0, 60).Select(n => n.ToString(CultureInfo.InvariantCulture)), job.Select(e => Ops.Text(Assert.Single(e.Events!))));
    }

    [Fact]
    public async Task Outbox_OutsideTheLimits_IsRefusedByItsArgument()
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ReadOutboxAsync(Store.ShardCount, 0, 1, Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ReadOutboxAsync(Shard, -1, 1, Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ReadOutboxAsync(Shard, 0, 0, Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ReadOutboxAsync(Shard, 0, StoreLimits.OutboxPage + 1, Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.SetOutboxAsync(Shard, -1, Token));
    }

    private async Task<string> ReadOutbox(long after = 0, int limit = StoreLimits.OutboxPage)
    {
        var page = await Store.ReadOutboxAsync(Shard, after, limit, Token);
        Assert.True(page.Clock > 0, "A reading tells the clock.");
        return string.Join(' ', page.Entries.Select(e => $"{e.Number}:{e.JobId}={(e.Events is { } events ? string.Join('+', events.Select(Ops.Text)) : "gone")}")
            .Prepend($"{page.First}..{page.Last}"));
    }
}

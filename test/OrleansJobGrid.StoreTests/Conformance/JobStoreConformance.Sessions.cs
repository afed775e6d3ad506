using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Conformance;

public abstract partial class JobStoreConformance
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(8);

    private static SessionRecord Session(string id, string body = "{}") => new(id, $"worker-of-{id}", "silo-1", Ops.Bytes(body));

    [Fact]
    public async Task Session_IsWrittenReadAndRenewed()
    {
        var first = await Store.WriteSessionAsync(Session("s1", "one"), Lease, Token);
        Assert.Equal((first.Clock + 8_000, false), (first.ExpiresAt, first.Ended));
        var second = await Store.WriteSessionAsync(Session("s1", "two") with { Home = "" }, TimeSpan.FromMinutes(1), Token);
        Assert.Equal(second.Clock + 60_000, second.ExpiresAt);
        await Store.WriteSessionAsync(Session("s2"), Lease, Token);
        await _underTest!.ReopenAsync();
        var page = await Store.ReadSessionsAsync(Token);
        Assert.True(page.Clock >= second.Clock);
        Assert.Equal(["s1", "s2"], page.Sessions.Select(s => s.Id).Order(StringComparer.Ordinal));
        var read = page.Sessions.Single(s => s.Id == "s1");
        Assert.Equal(("worker-of-s1", "", "two", second.ExpiresAt, false), (read.WorkerId, read.Home, Ops.Text(read.Body), read.ExpiresAt, read.Ended));
    }

    [Fact]
    public async Task EndedSession_FencesOperationsInEveryShardAndIsNotWrittenAgain()
    {
        await Store.WriteSessionAsync(Session("lost", "kept"), Lease, Token);
        var granted = await Applied(Ops.Create(Job()) with { Session = "lost" });
        await Store.MarkSessionEndedAsync("lost", Token);
        await Store.MarkSessionEndedAsync("lost", Token);
        await _underTest!.ReopenAsync();

        for (var shard = 0; shard < Store.ShardCount; shard++)
        {
            var late = Ops.Create(Ops.JobIn(shard, Store.ShardCount, 50)) with { Session = "lost" };
            var living = Ops.Create(Ops.JobIn(shard, Store.ShardCount, 51)) with { Session = "alive" };
            var results = (await Store.ApplyAsync(shard, [late, living], Token)).Results;
            Assert.Equal(new OperationResult(OperationOutcome.SessionEnded, 0), results[0]);
            Assert.Equal(OperationOutcome.Applied, results[1].Outcome);
        }
        // What was written before the mark stays written.
        Assert.Equal(OperationOutcome.AlreadyApplied, (await Apply(granted)).Outcome);
        Assert.Equal(new OperationResult(OperationOutcome.SessionEnded, 1), await Apply(Ops.After(granted) with { Session = "lost" }));
        await Applied(Ops.After(granted));

        Assert.True((await Store.WriteSessionAsync(Session("lost", "overwritten"), Lease, Token)).Ended);
        var record = Assert.Single((await Store.ReadSessionsAsync(Token)).Sessions);
        Assert.Equal((true, "kept"), (record.Ended, Ops.Text(record.Body)));
    }

    [Fact]
    public async Task RemovedSession_IsNoLongerListedButStaysEnded()
    {
        await Store.WriteSessionAsync(Session("lost"), Lease, Token);
        await Store.MarkSessionEndedAsync("lost", Token);
        await Store.MarkSessionEndedAsync("never-written", Token);
        await Store.RemoveSessionAsync("lost", Token);
        await Store.RemoveSessionAsync("lost", Token);
        Assert.Empty((await Store.ReadSessionsAsync(Token)).Sessions);
        Assert.True((await Store.WriteSessionAsync(Session("lost"), Lease, Token)).Ended);
        Assert.True((await Store.WriteSessionAsync(Session("never-written"), Lease, Token)).Ended);
        Assert.Empty((await Store.ReadSessionsAsync(Token)).Sessions);
        Assert.Equal(OperationOutcome.SessionEnded, (await Apply(Ops.Create(Job()) with { Session = "lost" })).Outcome);
    }

    [Fact]
    public async Task Sequence_IsNeverGivenTwiceAndRises()
    {
        var taken = new List<(long First, int Count)>();
        async Task Take(int seed)
        {
            var random = new Random(seed);
            var last = new SequenceBlock(-1, 0);
            for (var n = 0; n < 50; n++)
            {
                var count = random.Next(1, 2_000);
                var block = await Store.TakeSequenceAsync(count, Token);
                Assert.True(block.First > last.First, $"{block.First} after {last.First}");
                Assert.True(block.Clock >= last.Clock, $"clock {block.Clock} after {last.Clock}");
                last = block;
                lock (taken)
                    taken.Add((block.First, count));
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(() => Take(seed), Token)));
        var before = taken.Max(t => t.First + t.Count);
        await _underTest!.ReopenAsync();
        Assert.True((await Store.TakeSequenceAsync(1, Token)).First >= before);
        await Take(99);
        var end = 0L;
        foreach (var (first, count) in taken.OrderBy(t => t.First))
        {
            Assert.True(first >= end, $"The block from {first} begins inside the one that ends at {end}.");
            end = first + count;
        }
    }

    [Fact]
    public async Task Clock_NeverGoesBack()
    {
        async Task<long> Now() => (await Store.ApplyAsync(Shard, [Ops.After(Ops.Create(Job()))], Token)).Clock;
        var last = await Now();
        for (var n = 0; n < 20; n++)
        {
            var now = await Now();
            Assert.True(now >= last, $"{now} after {last}");
            last = now;
        }
    }

    [Fact]
    public async Task Clock_WhenTheHostsClockStepsBack_GoesOnAlsoAfterReopening()
    {
        if (!_underTest!.TryStepHostClock(TimeSpan.Zero))
            Assert.Skip("This backend's clock is its server's, which a test cannot step.");
        var create = await Applied(Ops.Create(Job()));
        var before = (await Store.ReadSessionsAsync(Token)).Clock;
        _underTest.TryStepHostClock(TimeSpan.FromHours(-1));
        Assert.True((await Store.ApplyAsync(Shard, [Ops.After(create)], Token)).Clock >= before);
        Assert.True((await Store.TakeSequenceAsync(1, Token)).Clock >= before);
        Assert.True((await Store.WriteSessionAsync(Session("s"), Lease, Token)).ExpiresAt >= before + 8_000);
        Assert.True((await Store.MarkPassAsync("wheel", Token)).Now >= before);
        async Task GoesOn()
        {
            var from = (await Store.ReadSessionsAsync(Token)).Clock;
            Assert.True(from >= before);
            while ((await Store.ReadSessionsAsync(Token)).Clock < from + 20)
            {
            }
        }

        await GoesOn();
        await _underTest.ReopenAsync();
        await GoesOn();
        Assert.True((await Store.ReadIndexAsync(Shard, "due", null, false, 1, Token)).Clock >= before);
    }

    [Fact]
    public async Task MarkPass_TellsWhenTheOneBeforeRan()
    {
        var first = await Store.MarkPassAsync("wheel", Token);
        Assert.Equal(0, first.Previous);
        await Store.MarkPassAsync("sweep", Token);
        await _underTest!.ReopenAsync();
        var second = await Store.MarkPassAsync("wheel", Token);
        Assert.Equal(first.Now, second.Previous);
        Assert.True(second.Now >= first.Now);
    }

    [Fact]
    public async Task Agree_TheFirstWriterWinsAndAllReadTheSame()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => Store.AgreeAsync("grid-id", $"proposal-{n}", Token).AsTask()));
        var agreed = Assert.Single(answers.Distinct());
        await _underTest!.ReopenAsync();
        Assert.Equal(agreed, await Store.AgreeAsync("grid-id", "late", Token));
        Assert.Equal("own", await Store.AgreeAsync("another", "own", Token));
    }

    [Fact]
    public async Task StoreId_IsTheSameAfterReopening()
    {
        var id = Store.Description.StoreId;
        Assert.NotEmpty(id);
        await _underTest!.ReopenAsync();
        Assert.Equal(id, Store.Description.StoreId);
    }
}

using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Conformance;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task Create_WhenAbsent_IsStoredWithVersionAndOperationId()
    {
        var create = await Applied(Ops.Create(Job(), "{\"état\":1}"));
        var stored = await Read(Job());
        Assert.NotNull(stored);
        Assert.Equal((Job(), 1L, create.OperationId), (stored.JobId, stored.Version, stored.OperationId));
        Assert.Equal("{\"état\":1}", Ops.Text(stored.Record));
    }

    [Fact]
    public async Task Create_WhenAnotherCreatedIt_ConflictsWithTheStoredVersion()
    {
        var first = await Applied(Ops.Create(Job(), "first"));
        await Applied(Ops.After(first, "second"));
        Assert.Equal(new OperationResult(OperationOutcome.Conflict, 2), await Apply(Ops.Create(Job(), "third")));
        Assert.Equal("second", Ops.Text((await Read(Job()))!.Record));
    }

    [Fact]
    public async Task Change_WhenTheJobIsAbsent_ConflictsWithVersionZero()
    {
        var never = Ops.Create(Job());
        Assert.Equal(new OperationResult(OperationOutcome.Conflict, 0), await Apply(Ops.After(never)));
        Assert.Null(await Read(Job()));
    }

    [Fact]
    public async Task TwoActivationsWithTheSameVersion_OneWinsAndTheOtherConflicts()
    {
        var create = await Applied(Ops.Create(Job()));
        var mine = Ops.After(create, "mine");
        var other = Ops.After(create, "other");
        var outcomes = await Task.WhenAll(Apply(mine), Apply(other));
        Assert.Equal([OperationOutcome.Applied, OperationOutcome.Conflict], outcomes.Select(o => o.Outcome).Order());
        Assert.All(outcomes, o => Assert.Equal(2, o.Version));
        var winner = outcomes[0].Outcome == OperationOutcome.Applied ? mine : other;
        Assert.Equal(winner.OperationId, (await Read(Job()))!.OperationId);
    }

    [Fact]
    public async Task Change_WhenTheVersionFitsButTheOperationIdDoesNot_Conflicts()
    {
        var create = await Applied(Ops.Create(Job()));
        await Applied(Ops.After(create, "winner"));
        var loser = Ops.After(create, "loser");
        var afterLoser = Ops.After(loser, "after the loser");
        Assert.Equal(new OperationResult(OperationOutcome.Conflict, 2), await Apply(afterLoser));
        Assert.Equal("winner", Ops.Text((await Read(Job()))!.Record));
    }

    [Fact]
    public async Task Resend_SaysAlreadyAppliedAmongOthersAndAfterReopening()
    {
        var create = await Applied(Ops.Create(Job()));
        var change = Ops.After(create, "changed") with
        {
            AddReady = Ops.Ready(),
            AddEntries = [new("all", 1)],
            Events = [Ops.Bytes("changed")],
            Counters = [new("changes", 1)],
        };
        Assert.Equal(new OperationResult(OperationOutcome.Applied, 2, 1), await Apply(change));
        var again = new OperationResult(OperationOutcome.AlreadyApplied, 2, 1);
        Assert.Equal(again, await Apply(change));
        var results = await ApplyAll(Ops.Create(Job(1)), change, Ops.Create(Job(2)));
        Assert.Equal([OperationOutcome.Applied, OperationOutcome.AlreadyApplied, OperationOutcome.Applied], results.Select(r => r.Outcome));

        await _underTest!.ReopenAsync();

        Assert.Equal(again, await Apply(change));
        Assert.True(again.Holds);
        Assert.Single(await Store.ReadEventsAsync(Shard, Job(), Token));
        Assert.Equal(1, (await Store.ReadCountersAsync(Token))["changes"]);
        Assert.Single(await ReadAllReady("default"));
    }

    [Fact]
    public async Task LostAnswer_TheResendSaysAlreadyApplied()
    {
        await using var faulty = new FaultyJobStore(Store, TimeProvider.System, leaveOpen: true);
        var create = Ops.Create(Job());
        faulty.Arm(StoreFault.ThrowAfter);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await faulty.ApplyAsync(Shard, [create], Token));
        Assert.Equal(OperationOutcome.AlreadyApplied, (await faulty.ApplyAsync(Shard, [create], Token)).Results[0].Outcome);

        var change = Ops.After(create);
        faulty.Arm(StoreFault.ThrowBefore);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await faulty.ApplyAsync(Shard, [change], Token));
        Assert.Equal(OperationOutcome.Applied, (await faulty.ApplyAsync(Shard, [change], Token)).Results[0].Outcome);
        Assert.Equal(2, faulty.Struck);
    }

    [Fact]
    public async Task NotBefore_WhenTheClockHasNotReachedIt_IsTooEarly()
    {
        var clock = (await Store.ReadSessionsAsync(Token)).Clock;
        var create = Ops.Create(Job()) with { NotBefore = clock + 600_000 };
        Assert.Equal(new OperationResult(OperationOutcome.TooEarly, 0), await Apply(create));
        Assert.Null(await Read(Job()));

        var timely = await Applied(create with { NotBefore = clock });
        // The resend's condition is no longer asked: it was written.
        Assert.Equal(OperationOutcome.AlreadyApplied, (await Apply(timely with { NotBefore = clock + 600_000 })).Outcome);
    }

    [Fact]
    public async Task PoisonedOperations_AreRejectedByFieldWhileTheOthersApply()
    {
        var existing = await Applied(Ops.Create(Job(1), "before"));
        var good = Ops.Create(Job(2));
        (JobOperation Operation, string Field)[] poisoned =
        [
            (Ops.After(existing) with { Record = new byte[StoreLimits.RecordBytes + 1] }, "Record"),
            (Ops.Create(""), "JobId"),
            (Ops.Create(new string('j', StoreLimits.JobIdLength + 1)), "JobId"),
            (Ops.Create(Job(3)) with { ExpectedVersion = -1 }, "ExpectedVersion"),
            (Ops.Create(Job(4)) with { OperationId = Guid.Empty }, "OperationId"),
            (Ops.Create(Job(5)) with { AddReady = Ops.Ready(queue: "") }, "AddReady"),
            (Ops.Create(Job(6)) with { AddEntries = [new("all", 1L << 53)] }, "AddEntries"),
            (Ops.Create(Job(7)) with { Record = null }, "Record"),
            (Ops.Delete(existing) with { Events = [Ops.Bytes("late")] }, "Events"),
            (Ops.Create(good.JobId, "second of its job"), "JobId"),
        ];
        var results = await ApplyAll([good, .. poisoned.Select(p => p.Operation), Ops.Create(Job(8))]);
        Assert.Equal(OperationOutcome.Applied, results[0].Outcome);
        Assert.Equal(OperationOutcome.Applied, results[^1].Outcome);
        foreach (var (result, field) in results.Skip(1).Zip(poisoned.Select(p => p.Field)))
        {
            Assert.Equal(OperationOutcome.Rejected, result.Outcome);
            Assert.Contains(field, result.Reason, StringComparison.Ordinal);
        }
        Assert.Equal([Job(1), Job(2), Job(8)], (await Store.DumpAsync(Shard, Token)).Jobs.Select(j => j.JobId).Order(StringComparer.Ordinal));
        Assert.Equal("before", Ops.Text((await Read(Job(1)))!.Record));
    }

    [Fact]
    public async Task Operation_WhenItsJobLiesInAnotherShard_IsRejected()
    {
        if (Store.ShardCount == 1)
            return;
        var elsewhere = Ops.JobIn(0, Store.ShardCount);
        var result = await Apply(Ops.Create(elsewhere));
        Assert.Equal(OperationOutcome.Rejected, result.Outcome);
        Assert.Contains("shard", result.Reason, StringComparison.Ordinal);
        Assert.Null((await Store.ReadJobsAsync(0, [elsewhere], Token))[0]);
    }

    [Fact]
    public async Task Record_OfTheLargestSize_ComesBackByteForByte()
    {
        var bytes = new byte[StoreLimits.RecordBytes];
        new Random(7).NextBytes(bytes);
        await Applied(Ops.Create(Job()) with { Record = bytes });
        Assert.Equal(bytes, (await Read(Job()))!.Record.ToArray());
        await Applied(Ops.Create(Job(1)) with { Record = ReadOnlyMemory<byte>.Empty });
        Assert.Equal(0, (await Read(Job(1)))!.Record.Length);
    }

    [Fact]
    public async Task Batch_OfNoneOrTooMany_IsAnArgumentError()
    {
        var many = Enumerable.Range(0, StoreLimits.BatchOperations + 1).Select(n => Ops.Create(Job(n))).ToArray();
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ApplyAsync(Shard, [], Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ApplyAsync(Shard, many, Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ApplyAsync(Store.ShardCount, [Ops.Create(Job())], Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ReadIndexAsync(Shard, "all", null, false, 0, Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.TakeSequenceAsync(0, Token));
    }

    [Fact]
    public async Task Calls_WhenCancelledBefore_EndAsCancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ApplyAsync(Shard, [Ops.Create(Job())], cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ReadJobsAsync(Shard, [Job()], cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ReadReadyMarksAsync(cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.AgreeAsync("name", "value", cancelled.Token));
        await Applied(Ops.Create(Job(1)));
    }
}

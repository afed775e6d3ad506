using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Storage;

public sealed class StoreLanesTests : IAsyncLifetime
{
    private SqliteInAFolder _sqlite = null!;
    private FaultyJobStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _sqlite = await SqliteInAFolder.Open();
        _store = new FaultyJobStore(_sqlite.Store, TimeProvider.System, leaveOpen: true);
    }

    public ValueTask DisposeAsync() => _sqlite.DisposeAsync();

    [Theory]
    [InlineData(StoreFault.ThrowBefore, OperationOutcome.Applied)]
    [InlineData(StoreFault.ThrowAfter, OperationOutcome.AlreadyApplied)]
    public async Task Write_WhenTheAnswerIsLost_SendsTheSameAgain_AndItHolds(StoreFault fault, OperationOutcome outcome)
    {
        await using var lanes = Lanes(TimeProvider.System);
        _store.Arm(fault, times: 2);
        var result = await lanes.Write(Ops.Create("job-1", "{\"n\":1}"));

        Assert.Equal((outcome, true, 1L), (result.Outcome, result.Holds, result.Version));
        Assert.Equal(2, _store.Struck);
        Assert.Equal("{\"n\":1}", Ops.Text((await lanes.Read("job-1"))!.Record));
    }

    [Fact]
    public async Task Write_WhenTheStoreStaysAway_FailsAfterTheResendTime_AndTheLaneLivesOn()
    {
        var time = new WatchedTime();
        await using var lanes = Lanes(time);
        _store.Arm(StoreFault.ThrowBefore, times: -1);
        var write = lanes.Write(Ops.Create("job-1"));
        for (var pause = 1; pause <= 100; pause++)
        {
            await Eventually.Holds(() => time.Timers == pause, $"the pause before sending number {pause + 1}");
            time.Advance(TimeSpan.FromMilliseconds(50));
        }

        await Assert.ThrowsAsync<StoreUnavailableException>(() => write);
        Assert.Equal(101, _store.Struck);

        _store.Disarm();
        Assert.Equal(OperationOutcome.Applied, (await lanes.Write(Ops.Create("job-1"))).Outcome);
    }

    [Fact]
    public async Task Write_OfManyJobs_TellsEachItsOwnResult()
    {
        await using var lanes = Lanes(TimeProvider.System);
        var good = Enumerable.Range(0, 40).Select(i => lanes.Write(Ops.Create($"job-{i}"))).ToList();
        var bad = lanes.Write(Ops.Create("large", new string('x', StoreLimits.RecordBytes + 1)));
        var conflicting = lanes.Write(Ops.After(Ops.Create("absent")));

        Assert.All(await Task.WhenAll(good), r => Assert.Equal(OperationOutcome.Applied, r.Outcome));
        Assert.StartsWith("Record:", (await bad).Reason, StringComparison.Ordinal);
        Assert.Equal(OperationOutcome.Conflict, (await conflicting).Outcome);
        Assert.Null(await lanes.Read("absent"));
    }

    [Fact]
    public async Task Write_OfOneJobManyTimesAtOnce_AppliesAllInTheirOrder()
    {
        await using var lanes = Lanes(TimeProvider.System);
        var operations = new List<JobOperation> { Ops.Create("job-1", "0") };
        for (var i = 1; i < 20; i++)
            operations.Add(Ops.After(operations[^1], i.ToString()));
        var results = await Task.WhenAll(operations.Select(lanes.Write));

        Assert.All(results, r => Assert.Equal(OperationOutcome.Applied, r.Outcome));
        Assert.Equal("19", Ops.Text((await lanes.Read("job-1"))!.Record));
    }

    [Fact]
    public async Task TakeSequence_OfCallsAtOnce_GivesEachItsOwnNumbers_RisingWithTheOrderOfTheCalls()
    {
        await using var lanes = Lanes(TimeProvider.System);
        var blocks = await Task.WhenAll(Enumerable.Range(1, 30).Select(lanes.TakeSequence));

        for (var i = 1; i < blocks.Length; i++)
            Assert.True(blocks[i].First >= blocks[i - 1].First + i, $"Block {i} begins within the one before.");
        Assert.True(lanes.Clock.Now >= blocks[^1].Clock);
    }

    /// <summary>A clock of the test's that counts the waits begun on it.</summary>
    private sealed class WatchedTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }

    private StoreLanes Lanes(TimeProvider time) =>
        new(_store, new StoreClock(time), time, Options.Create(new JobGridOptions()), NullLogger<StoreLanes>.Instance);
}

using System.Reflection;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Operations;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using OrleansJobGrid.UnitTests.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Operations;

public sealed class StoreCheckerTests
{
    private const int Shards = 2;
    private static readonly string First = Ops.JobIn(0, Shards);
    private static readonly string Second = Ops.JobIn(0, Shards, 1);

    [Fact]
    public async Task Check_OfAnUndamagedStore_FindsNothing_AndCountsEachRecord()
    {
        var counted = new List<(string, JobStatus)>();
        var faults = await StoreChecker.Check(StoreOf(Healthy()), (id, record) => counted.Add((id, record.Status)), CancellationToken.None);

        Assert.Empty(faults);
        Assert.Equal([(First, JobStatus.Pending), (Second, JobStatus.Assigned)], counted.Order());
    }

    [Fact]
    public async Task Check_OfAMissingEntry_NamesJobAndIndex() =>
        await Finds(d => d with { Entries = [.. d.Entries.Where(e => (e.Index, e.JobId) != ("due", First))] }, $"Job '{First}' lacks its entry due = ");

    [Fact]
    public async Task Check_OfAnEntryTooMany_NamesJobAndIndex() =>
        await Finds(d => d with { Entries = [.. d.Entries, ("status:failed", First, 1)] }, $"Index status:failed has an entry of job '{First}' = 1 that its record does not have.");

    [Fact]
    public async Task Check_OfAnEntryWithoutAnyRecord_NamesIt() =>
        await Finds(d => d with { Entries = [.. d.Entries, ("all", "ghost", 9)] }, "Index all has an entry of job 'ghost' = 9 that its record does not have.");

    [Fact]
    public async Task Check_OfAnEntryUnderTheWrongScore_SaysBothSides() =>
        await Finds(
            d => d with { Entries = [.. d.Entries.Select(e => e.Index == "all" && e.JobId == Second ? e with { Score = 77 } : e)] },
            $"Job '{Second}' lacks its entry all = 2.",
            $"Index all has an entry of job '{Second}' = 77 that its record does not have.");

    [Fact]
    public async Task Check_OfAReadyJobWithoutItsReadyEntry_NamesIt() =>
        await Finds(d => d with { Ready = [] }, $"Job '{First}' is ready but has no ready entry.");

    [Fact]
    public async Task Check_OfAReadyEntryOfAJobThatIsNotReady_NamesIt() =>
        await Finds(
            d => d with { Ready = [.. d.Ready, ("default", new StoredReady(Second, 9, default, 1, ""))] },
            $"Queue default has a ready entry of job '{Second}', which is not ready.");

    [Theory]
    [InlineData("queue")]
    [InlineData("order")]
    [InlineData("signature")]
    [InlineData("customer")]
    public async Task Check_OfAReadyEntryThatIsNotItsRecords_NamesIt(string what)
    {
        var queue = what == "queue" ? "other" : "default";
        await Finds(
            d =>
            {
                var ready = Assert.Single(d.Ready).Ready;
                var wrong = what switch
                {
                    "order" => ready with { Order = ready.Order with { Priority = 1 } },
                    "signature" => ready with { Signature = 1 },
                    "customer" => ready with { Customer = "another" },
                    _ => ready,
                };
                return d with { Ready = [(queue, wrong)] };
            },
            $"The ready entry of job '{First}' in queue {queue} is not the one of its record.");
    }

    [Fact]
    public async Task Check_OfAJobWithoutALog_NamesIt() =>
        await Finds(d => d with { JobsWithEvents = [First] }, $"Job '{Second}' has no log.");

    [Fact]
    public async Task Check_OfALogWithoutAJob_NamesIt() =>
        await Finds(d => d with { JobsWithEvents = [.. d.JobsWithEvents, "?12"] }, "There is a log of job '?12', which does not exist.");

    [Fact]
    public async Task Check_OfAJobInAShardThatIsNotItsOwn_NamesBoth()
    {
        var faults = await StoreChecker.Check(StoreOf(Empty, Healthy()), null, CancellationToken.None);
        Assert.Equal([First, Second], faults.Select(f => f.Split('\'')[1]).Order());
        Assert.All(faults, f => Assert.EndsWith("lies in shard 1, where it does not belong.", f, StringComparison.Ordinal));
    }

    /// <summary>One broken record must not keep the checker from the rest.</summary>
    [Fact]
    public async Task Check_OfARecordThatCannotBeRead_SaysSo_AndGoesOn() =>
        await Finds(
            d => d with
            {
                Jobs = [.. d.Jobs.Select(j => j.JobId == First ? j with { Record = Ops.Bytes("garbage") } : j)],
                JobsWithEvents = [First],
            },
            $"The record of job '{First}' cannot be read: ",
            $"Job '{Second}' has no log.");

    private static ShardDump Empty => new([], [], [], []);

    private static async Task Finds(Func<ShardDump, ShardDump> damage, params string[] beginnings)
    {
        var faults = await StoreChecker.Check(StoreOf(damage(Healthy())), null, CancellationToken.None);
        Assert.Equal(beginnings.Length, faults.Count);
        Assert.All(beginnings.Zip(faults), p => Assert.StartsWith(p.First, p.Second, StringComparison.Ordinal));
    }

    /// <summary>A ready job and an assigned one, written as the grid writes them.</summary>
    private static ShardDump Healthy()
    {
        var store = new JobStoreModel(0, Shards);
        var submission = Samples.Submission() with { CustomerId = "customer-1" };
        var created = JobDecisions.Create(submission, 1, Samples.Start, Samples.AttemptTimeout, new());
        Apply(created.ToOperation(First, 0, default, Guid.NewGuid()));
        created = JobDecisions.Create(submission, 2, Samples.Start, Samples.AttemptTimeout, new());
        var creation = created.ToOperation(Second, 0, default, Guid.NewGuid());
        Apply(creation);
        var granted = JobDecisions.Grant(created.After!, new("worker-1", "session-1"), Guid.NewGuid(), Samples.Start)!;
        Apply(granted.ToOperation(Second, 1, creation.OperationId, default));
        return new([.. store.Jobs], [.. store.Entries], [.. store.Ready], [First, Second]);

        void Apply(JobOperation operation) => Assert.Equal(OperationOutcome.Applied, Assert.Single(store.Apply([operation])).Outcome);
    }

    private static IJobStore StoreOf(params ShardDump[] dumps)
    {
        var store = DispatchProxy.Create<IJobStore, DumpedStore>();
        ((DumpedStore)(object)store).Dumps = dumps;
        return store;
    }

    /// <summary>A store that can be dumped and nothing else.</summary>
    public class DumpedStore : DispatchProxy
    {
        internal IReadOnlyList<ShardDump> Dumps { get; set; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            "get_" + nameof(IJobStore.ShardCount) => Shards,
            nameof(IJobStore.DumpAsync) => new ValueTask<ShardDump>((int)args![0]! < Dumps.Count ? Dumps[(int)args[0]!] : Empty),
            _ => throw new NotSupportedException(targetMethod.Name),
        };
    }
}

using CsCheck;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Conformance;

public abstract partial class JobStoreConformance
{
    private static readonly string[] Queues = ["default", "gpu"];
    private static readonly string[] Indexes = ["all", "due", "customer:a"];

    /// <summary>How many random histories the property test plays; each on a fresh store.</summary>
    protected virtual int Histories => 30;

    /// <summary>What is drawn at random of one operation; the rest follows from what the model holds.</summary>
    private sealed record Draw(int Job, int Kind, int Expectation, int Ready, int Queue, int Index, int Score, int Session, int Events, Guid Id);

    private static readonly Gen<Draw> GenDraw =
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[0, 3])
            .Select(
                Gen.Select(Gen.Int[0, 1], Gen.Int[0, 2], Gen.Int[0, 4], Gen.Int[0, 5]),
                Gen.Select(Gen.Int[0, 2], Gen.Guid))
            .Select((a, b, c) => new Draw(a.Item1, a.Item2, a.Item3, a.Item4, b.Item1, b.Item2, b.Item3, b.Item4, c.Item1, c.Item2));

    [Fact]
    public async Task RandomHistories_AreWhatThePlainModelSays() =>
        await GenDraw.List[1, 12].List[1, 15].SampleAsync(PlayAsync, iter: Histories, threads: 1);

    private async Task PlayAsync(List<List<Draw>> history)
    {
        await using var underTest = await OpenAsync();
        var shard = underTest.Store.ShardCount - 1;
        var model = new JobStoreModel(shard, underTest.Store.ShardCount);
        model.Ended.Add("ended");
        await underTest.Store.MarkSessionEndedAsync("ended", Token);
        JobOperation? sentBefore = null;
        foreach (var (draws, n) in history.Select((draws, n) => (draws, n)))
        {
            var batch = draws.Select(draw => Operation(draw, model, shard, underTest.Store.ShardCount)).ToList();
            if (sentBefore is not null && n % 3 == 0)
                batch.Add(sentBefore);
            sentBefore = batch[0];
            var results = (await underTest.Store.ApplyAsync(shard, batch, Token)).Results;
            // A rejected operation's version is not promised to have been looked up.
            Assert.Equal(model.Apply(batch).Select(Comparable), results.Select(Comparable));
            if (n == history.Count / 2)
                await underTest.ReopenAsync();
            await SameAsync(model, underTest.Store, shard);
        }
    }

    private static (OperationOutcome Outcome, long Version, long Number) Comparable(OperationResult result) =>
        (result.Outcome, result.Outcome == OperationOutcome.Rejected ? -1 : result.Version, result.ReadyNumber);

    private static JobOperation Operation(Draw draw, JobStoreModel model, int shard, int shardCount)
    {
        var jobId = Ops.JobIn(shard, shardCount, draw.Job);
        var stored = model.Find(jobId);
        var deletes = draw.Kind == 0 && stored is not null;
        var held = model.Entries.Where(e => e.JobId == jobId).ToList();
        var index = Indexes[draw.Index];
        // A job is in an index once: what it holds there, or everything, is taken out before it is put in again.
        var removed = held.Where(e => deletes || e.Index == index).Select(e => new IndexEntry(e.Index, e.Score)).ToList();
        return new JobOperation
        {
            JobId = jobId,
            OperationId = draw.Id,
            ExpectedVersion = (stored?.Version ?? 0) + (draw.Expectation == 0 ? 1 : 0),
            ExpectedOperationId = draw.Expectation == 1 ? draw.Id : stored?.OperationId ?? Guid.Empty,
            Record = deletes ? (ReadOnlyMemory<byte>?)null : Ops.Bytes($"{draw.Kind}-{draw.Id}"),
            Session = draw.Session switch { 0 => "ended", 1 => "alive", _ => null },
            RemoveReady = deletes || draw.Ready is 1 or 2,
            AddReady = !deletes && draw.Ready >= 2 ? Ops.Ready(Queues[draw.Queue], draw.Score, draw.Job, draw.Kind, index) : null,
            RemoveEntries = removed,
            AddEntries = deletes || draw.Score == 0 ? [] : [new(index, draw.Score)],
            Events = deletes ? [] : [.. Enumerable.Range(0, draw.Events).Select(e => Ops.Bytes($"{e}-{draw.Id}"))],
            Counters = [new("operations", 1), new(index, draw.Score)],
        };
    }

    private static async Task SameAsync(JobStoreModel model, IJobStore store, int shard)
    {
        var dump = await store.DumpAsync(shard, Token);
        Assert.Equal(
            model.Jobs.Select(j => (j.JobId, j.Version, j.OperationId, Ops.Text(j.Record))),
            dump.Jobs.OrderBy(j => j.JobId, StringComparer.Ordinal).Select(j => (j.JobId, j.Version, j.OperationId, Ops.Text(j.Record))));
        Assert.Equal(model.Entries.Order(), dump.Entries.Order());
        Assert.Equal(model.Ready.OrderBy(Place), dump.Ready.OrderBy(Place));
        Assert.Equal(
            model.Jobs.Select(j => j.JobId).Where(id => model.Events(id).Count > 0),
            dump.JobsWithEvents.Order(StringComparer.Ordinal));
        foreach (var job in model.Jobs)
            Assert.Equal(model.Events(job.JobId), (await store.ReadEventsAsync(shard, job.JobId, Token)).Select(Ops.Text));
        Assert.Equal(
            model.LastNumbers.Select(q => new ReadyMark(shard, q.Key, q.Value, model.Ready.Count(r => r.Queue == q.Key))),
            (await store.ReadReadyMarksAsync(Token)).OrderBy(m => m.Queue, StringComparer.Ordinal));
        Assert.Equal(
            Indexes.Select(i => (long)model.Entries.Count(e => e.Index == i)),
            await store.CountIndexesAsync(shard, Indexes, Token));
        // Zero and absent are the same sum.
        Assert.Equal(
            model.Counters.Where(c => c.Value != 0),
            (await store.ReadCountersAsync(Token)).Where(c => c.Value != 0).OrderBy(c => c.Key, StringComparer.Ordinal));

        static (string Queue, long Number) Place((string Queue, StoredReady Ready) entry) => (entry.Queue, entry.Ready.Number);
    }
}

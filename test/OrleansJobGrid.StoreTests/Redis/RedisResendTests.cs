using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Redis;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>A store that stays open while its server is killed and started again on the same files.</summary>
public sealed class RedisResendTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Resend_AfterTheServerWasKilledAndStartedAgain_IsAlreadyApplied()
    {
        await using var server = await RedisServer.StartAsync(RedisServerSettings.Durable, Token);
        await using var underTest = await RedisStoreUnderTest.OpenAsync(server, owned: false, shards: 1);
        var create = Ops.Create("job") with { AddReady = Ops.Ready(), AddEntries = [new("all", 1)], Events = [Ops.Bytes("created")] };
        await underTest.Store.ApplyAsync(0, [create], Token);
        await server.KillAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await underTest.Store.ApplyAsync(0, [create], Token));
        await server.RestartAsync(Token);

        // The restarted server has none of the scripts.
        var result = (await UntilAnsweredAsync(underTest.Store, 0, [create])).Results[0];

        Assert.Equal(new OperationResult(OperationOutcome.AlreadyApplied, 1, 1), result);
        Assert.Single(await underTest.Store.ReadEventsAsync(0, "job", Token));
    }

    [Fact]
    public async Task EveryBatchIsAppliedOnceWhileTheServerIsKilledAgainAndAgain()
    {
        const int lanes = 4, batches = 60, size = 25, kills = 4;
        await using var server = await RedisServer.StartAsync(RedisServerSettings.Durable, Token);
        await using var underTest = await RedisStoreUnderTest.OpenAsync(server, owned: false, shards: 1);
        var store = underTest.Store;
        var done = 0;
        var already = 0;
        async Task LaneAsync(int lane)
        {
            for (var n = 0; n < batches; n++)
            {
                var create = Enumerable.Range(0, size).Select(i => Ops.Create($"job-{lane}-{n}-{i}") with
                {
                    AddReady = Ops.Ready(),
                    AddEntries = [new("all", n)],
                    Counters = [new("written", 1)],
                }).ToList();
                var take = create.Select(c => Ops.After(c) with { RemoveReady = true, RemoveEntries = c.AddEntries, Counters = c.Counters }).ToList();
                foreach (var batch in new[] { create, take })
                {
                    var results = (await UntilAnsweredAsync(store, 0, batch)).Results;
                    Assert.All(results, r => Assert.True(r.Holds, $"{r.Outcome}"));
                    // A batch is one: all of it was written before, or nothing.
                    Assert.Single(results.Select(r => r.Outcome).Distinct());
                    Interlocked.Add(ref already, results[0].Outcome == OperationOutcome.AlreadyApplied ? 1 : 0);
                    Interlocked.Increment(ref done);
                }
            }
        }

        var writing = Task.WhenAll(Enumerable.Range(0, lanes).Select(lane => Task.Run(() => LaneAsync(lane), Token)));
        for (var kill = 1; kill <= kills; kill++)
        {
            while (Volatile.Read(ref done) < kill * lanes * batches * 2 / (kills + 1) && !writing.IsCompleted)
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Token);
            await server.RestartAsync(Token);
        }
        await writing.WaitAsync(TimeSpan.FromSeconds(120), TimeProvider.System, Token);

        Assert.Equal(lanes * batches * size * 2, (await store.ReadCountersAsync(Token))["written"]);
        var dump = await store.DumpAsync(0, Token);
        Assert.Equal(lanes * batches * size, dump.Jobs.Count);
        Assert.All(dump.Jobs, job => Assert.Equal(2, job.Version));
        Assert.Empty(dump.Ready);
        Assert.Empty(dump.Entries);
        TestContext.Current.SendDiagnosticMessage($"{kills} kills, {already} batches had been written without an answer.");
    }

    private static async Task<ApplyAnswer> UntilAnsweredAsync(IJobStore store, int shard, IReadOnlyList<JobOperation> batch)
    {
        StoreUnavailableException? last = null;
        var begin = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(60))
        {
            try
            {
                return await store.ApplyAsync(shard, batch, Token);
            }
            catch (StoreUnavailableException fault)
            {
                last = fault;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }
        throw new TimeoutException("The store did not answer within 60 s of its server's restart.", last);
    }
}

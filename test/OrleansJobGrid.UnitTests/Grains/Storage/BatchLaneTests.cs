using System.Collections.Concurrent;
using CsCheck;
using OrleansJobGrid.Grains.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Storage;

public sealed class BatchLaneTests
{
    /// <summary>A request of a key, with its number among all and its size; a poisoned one breaks its batch.</summary>
    private sealed record Request(string Key, int Number, int Size, bool Poisoned = false);

    [Fact]
    public async Task A_backlog_leaves_in_batches_within_their_bounds_each_key_in_its_order() =>
        await Gen.Select(Gen.Int[0, 3].Array[0, 40], Gen.Int[1, 6], Gen.Int[1, 30]).SampleAsync(
            async (keys, count, size) =>
            {
                var requests = keys.Select((key, i) => new Request("key-" + key, i, 1 + (i * 7 % 12))).ToList();
                var (batches, answers) = await SendBehindAGate(requests, new(count, size, r => r.Size, r => r.Key));

                Assert.Equal(requests.Select(r => r.Number), answers.Select(a => a.Result));
                Assert.Equal(requests.Count, batches.Sum(b => b.Count));
                Assert.All(batches, batch =>
                {
                    Assert.InRange(batch.Count, 1, count);
                    Assert.Equal(batch.Count, batch.Select(r => r.Key).Distinct().Count());
                    // The one that reaches the size closes the batch.
                    Assert.True(batch.SkipLast(1).Sum(r => r.Size) < size);
                });
                foreach (var key in batches.SelectMany(b => b).GroupBy(r => r.Key))
                    Assert.Equal(key.Select(r => r.Number).Order(), key.Select(r => r.Number));
            },
            iter: 500);

    /// <summary>A large request closes the batch between one of its key that was put back and one that was not looked at.</summary>
    [Fact]
    public async Task A_key_whose_requests_were_held_back_keeps_their_order_when_a_batch_is_closed_between_them()
    {
        (string Key, int Size)[] requests = [("a", 1), ("a", 1), ("a", 1), ("b", 1), ("b", 9), ("a", 1)];
        var (batches, _) = await SendBehindAGate([.. requests.Select((r, i) => new Request(r.Key, i, r.Size))], new(10, 10, r => r.Size, r => r.Key));

        Assert.Equal([0, 1, 2, 5], batches.SelectMany(b => b).Where(r => r.Key == "a").Select(r => r.Number));
    }

    [Fact]
    public async Task Without_keys_all_that_waits_leaves_in_one_batch_in_the_order_of_the_calls()
    {
        var (batches, _) = await SendBehindAGate([.. Enumerable.Range(0, 30).Select(i => new Request("same", i, 1))], new(100));
        Assert.Equal(Enumerable.Range(0, 30), Assert.Single(batches).Select(r => r.Number));
    }

    [Fact]
    public async Task A_batch_that_fails_fails_its_own_callers_and_the_lane_goes_on()
    {
        var requests = Enumerable.Range(0, 9).Select(i => new Request("key-" + i, i, 1, Poisoned: i == 4)).ToList();
        var (batches, answers) = await SendBehindAGate(requests, new(3));

        Assert.Equal([3, 3, 3], batches.Select(b => b.Count));
        for (var i = 0; i < 9; i++)
        {
            if (i is >= 3 and < 6)
                Assert.Equal("poison", (await Assert.ThrowsAsync<InvalidOperationException>(() => answers[i])).Message);
            else
                Assert.Equal(i, await answers[i]);
        }
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_under_many_callers()
    {
        var sent = new ConcurrentBag<Request>();
        await using var lane = new BatchLane<Request, int>(
            batch =>
            {
                foreach (var request in batch)
                    sent.Add(request);
                return Task.FromResult<IReadOnlyList<int>>([.. batch.Select(r => r.Number)]);
            },
            new(50, KeyOf: r => r.Key));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            var own = Enumerable.Range(caller * 1_000, 1_000).ToList();
            Assert.Equal(own, await Task.WhenAll(own.Select(i => lane.Add(new("key-" + (i % 7), i, 1)))));
            return own.Count;
        })));

        Assert.Equal(8_000, answers.Sum());
        Assert.Equal(Enumerable.Range(0, 8_000), sent.Select(r => r.Number).Order());
    }

    [Fact]
    public async Task Disposing_sends_what_waits_and_takes_nothing_more()
    {
        var lane = new BatchLane<Request, int>(batch => Task.FromResult<IReadOnlyList<int>>([.. batch.Select(r => r.Number)]), new(1));
        var answers = Enumerable.Range(0, 20).Select(i => lane.Add(new("key", i, 1))).ToList();
        await lane.DisposeAsync();

        Assert.All(answers, a => Assert.True(a.IsCompletedSuccessfully));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => lane.Add(new("key", 21, 1)));
    }

    /// <summary>Holds the lane with a first batch until all requests have arrived.</summary>
    private static async Task<(List<IReadOnlyList<Request>> Batches, List<Task<int>> Answers)> SendBehindAGate(
        List<Request> requests, BatchBounds<Request> bounds)
    {
        var batches = new List<IReadOnlyList<Request>>();
        var (entered, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var lane = new BatchLane<Request, int>(
            async batch =>
            {
                if (batch[0].Key == "gate")
                {
                    entered.SetResult();
                    await gate.Task;
                    return [-1];
                }

                batches.Add([.. batch]);
                if (batch.Any(r => r.Poisoned))
                    throw new InvalidOperationException("poison");
                return [.. batch.Select(r => r.Number)];
            },
            bounds);
        var first = lane.Add(new("gate", -1, 1));
        await entered.Task;
        List<Task<int>> answers = [.. requests.Select(lane.Add)];
        gate.SetResult();
        Assert.Equal(-1, await first);
        await Task.WhenAll(answers.Select(a => a.ContinueWith(_ => { }, TaskScheduler.Default)));
        return (batches, answers);
    }
}

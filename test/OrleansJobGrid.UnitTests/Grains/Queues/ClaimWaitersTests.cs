using CsCheck;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

public sealed class ClaimWaitersTests
{
    private static readonly string[] Services = ["a", "b", "c"];
    private static readonly string[][] Offers = [["a"], ["b"], ["a", "b"], ["b", "a"], ["x"], []];

    [Fact]
    public void An_entry_wakes_exactly_the_one_that_waited_longest_among_those_that_can_do_it() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 1 << 16]).Array[0, 60].Sample(steps =>
        {
            var waiters = new ClaimWaiters();
            var line = new List<(ClaimWaiter Waiter, WorkerMatch Worker)>();
            var step = 0;
            foreach (var (kind, detail) in steps)
            {
                step++;
                if (kind <= 2)
                {
                    var worker = new WorkerMatch(WorkerCapabilities.None, Offers[detail % Offers.Length]);
                    line.Add((waiters.Add(new(step, 0, 0, new byte[8]), worker, ClaimFacts.None, deadline: detail), worker));
                }
                else if (kind == 3)
                {
                    var over = line.FindAll(w => w.Waiter.Deadline <= 1 << 14);
                    waiters.End(w => w.Deadline <= 1 << 14);
                    line.RemoveAll(over.Contains);
                    Assert.All(over, w => Assert.True(w.Waiter.Wake.Task.IsCompletedSuccessfully && w.Waiter.Wake.Task.Result is null));
                }
                else
                {
                    var signature = new Signature("service=" + Services[detail % Services.Length]);
                    var expected = line.FindIndex(w => w.Worker.Offers(signature.Service));
                    var woken = Take(waiters, signature);
                    Assert.Equal(expected >= 0 ? line[expected].Waiter : null, woken);
                    if (expected >= 0)
                        line.RemoveAt(expected);
                }

                Assert.Equal(line.Count, waiters.Count);
                Assert.All(line, w => Assert.False(w.Waiter.Wake.Task.IsCompleted));
            }
        });

    [Fact]
    public async Task End_OfAClaimThatWasWokenMeanwhile_TakesNothingBack()
    {
        var waiters = new ClaimWaiters();
        var waiter = waiters.Add(Guid.NewGuid(), new(WorkerCapabilities.None, ["a"]), ClaimFacts.None, 1);
        var taken = Take(waiters, new("service=a"))!;
        taken.Wake.SetResult(new(0, new("job", 1, default, 0, ""), new("service=a")));
        waiters.End(_ => true);

        Assert.Same(waiter, taken);
        Assert.Equal("job", (await waiter.Wake.Task)!.Value.Ready.JobId);
    }

    [Fact]
    public void TakeBest_WithARank_TakesTheBestAndOfEqualOnesTheFirst()
    {
        var waiters = new ClaimWaiters();
        foreach (var held in (int[])[3, 1, 2, 1])
            waiters.Add(Guid.NewGuid(), new(WorkerCapabilities.None, ["a"]), new() { Held = held }, 1);

        var taken = Enumerable.Range(0, 4).Select(_ => waiters.TakeBest(_ => true, _ => true, w => -w.Facts.Held)!).ToList();

        Assert.Equal([1, 1, 2, 3], taken.Select(t => t.Facts.Held));
        Assert.True(taken[0].Ticket < taken[1].Ticket);
    }

    private static ClaimWaiter? Take(ClaimWaiters waiters, Signature signature) =>
        waiters.TakeBest<int>(w => w.Offers(signature.Service), _ => true, null);
}

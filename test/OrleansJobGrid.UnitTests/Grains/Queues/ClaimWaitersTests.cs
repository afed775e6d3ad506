using CsCheck;
using OrleansJobGrid.Grains.Jobs;
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
            var line = new List<(ClaimWaiter Waiter, ServiceProfile Profile)>();
            var step = 0;
            foreach (var (kind, detail) in steps)
            {
                step++;
                if (kind <= 2)
                {
                    var profile = new ServiceProfile(Offers[detail % Offers.Length]);
                    line.Add((waiters.Add(new(step, 0, 0, new byte[8]), profile, deadline: detail), profile));
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
                    var expected = line.FindIndex(w => w.Profile.Serves(signature));
                    var woken = waiters.TakeFor(signature);
                    Assert.Equal(expected >= 0 ? line[expected].Waiter : null, woken?.Waiter);
                    Assert.Equal(expected >= 0 ? line[expected].Profile.Key : null, woken?.Profile.Key);
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
        var waiter = waiters.Add(Guid.NewGuid(), new(["a"]), 1);
        var taken = waiters.TakeFor(new("service=a"))!.Value.Waiter;
        taken.Wake.SetResult(new(0, new("job", 1, default, 0, ""), new("service=a")));
        waiters.End(_ => true);

        Assert.Same(waiter, taken);
        Assert.Equal("job", (await waiter.Wake.Task)!.Value.Ready.JobId);
    }
}

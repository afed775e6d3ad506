using CsCheck;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.UnitTests.Grains.Workers;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

public sealed class InFlightJobsTests
{
    private static readonly Signature Any = Known.SignatureOf();
    private static readonly WorkerMatch Worker = new(WorkerCapabilities.None, ["draw"], null, "w");

    private readonly ReadyView _view = new(1, new() { EveryCustomer = new(MaxInFlight: 3, GpuSecondsPerDay: 1_000) });
    private readonly InFlightJobs _jobs;
    private long _number;

    public InFlightJobsTests() => _jobs = new(_view);

    [Fact]
    public void A_job_is_taken_out_once_by_the_word_about_its_grant()
    {
        Grant("a", 3);
        Assert.Null(_jobs.Ended("a", 2, 5));
        Assert.Equal(1, _view.InFlight("x"));
        Assert.False(_jobs.Ended("a", 3, 5));
        Assert.Null(_jobs.Ended("a", 3, 5));
        Assert.Equal((0, 5.0), (_view.InFlight("x"), _view.Used["x"]));
    }

    [Fact]
    public void A_later_epoch_takes_it_out_too_since_an_adoption_raises_it_without_the_queue()
    {
        Grant("a", 3);
        Assert.NotNull(_jobs.Ended("a", 5, 1));
        Assert.Equal(0, _view.InFlight("x"));
    }

    [Fact]
    public void A_job_that_is_granted_again_while_its_end_was_never_told_is_in_flight_once()
    {
        Grant("a", 1);
        Grant("b", 1);
        var again = Pop("a");
        Assert.NotNull(_view.HeldReason("x"));
        Assert.True(_jobs.Granted("a", new(2, "x", again.Charge, 0)));
        Assert.Equal((2, null), (_view.InFlight("x"), _view.HeldReason("x")));
        Assert.False(Grant("c", 1));
    }

    [Fact]
    public void A_job_that_is_found_twice_as_its_state_changes_is_in_flight_once_and_charged()
    {
        _jobs.Found("a", new(1, "x", 20, 0));
        _jobs.Found("a", new(1, "x", 20, 0));
        Grant("b", 1);
        _jobs.Found("b", new(1, "x", 20, 0));
        Assert.Equal((2, 21.0), (_view.InFlight("x"), _view.Used["x"]));
        Assert.Equal(21, _jobs.Charged["x"]);
        _jobs.Ended("a", 1, 50);
        Assert.Equal((1, 51.0), (_view.InFlight("x"), _view.Used["x"]));
    }

    [Fact]
    public void What_is_kept_of_a_budget_is_without_what_runs_which_is_charged_when_it_is_found()
    {
        Grant("a", 1);
        _jobs.Ended("a", 1, 30);
        Grant("b", 1);
        Assert.Equal(31, _view.Used["x"]);
        var kept = QueueState.Of(7, _view, _jobs);
        Assert.Equal((7, 30.0), (kept.Day, kept.Used["x"]));

        var again = new InFlightJobsTests();
        again._view.SetUsed(kept.Used);
        again._jobs.Found("b", new(1, "x", 1, 0));
        again._jobs.Ended("b", 1, 20);
        Assert.Equal(50, again._view.Used["x"]);
    }

    [Fact]
    public void What_was_read_of_a_job_counts_for_nothing_where_a_word_of_it_came_meanwhile()
    {
        Grant("a", 1, at: 10);
        Grant("b", 1, at: 20);
        var looked = _jobs.LookedAtBefore(30, 10);
        Assert.Equal(["a", "b"], looked.Select(l => l.Key));

        // It was read before it ended.
        _jobs.Ended("a", 1, 1);
        Assert.False(_jobs.LookedAt(looked[0], held: true, 40));
        Assert.Empty(_jobs.LookedAtBefore(20, 10));
        // It was read between two grants.
        _jobs.Ended("b", 1, 1);
        Grant("b", 2);
        Assert.False(_jobs.LookedAt(looked[1], held: false, 40));
        Assert.Equal((1, 1), (_view.InFlight("x"), _jobs.LookedAtBefore(100, 10).Count));
    }

    [Fact]
    public void The_oldest_are_looked_at_first_up_to_a_most_and_what_is_over_frees_its_customer()
    {
        foreach (var (id, at) in new[] { ("late", 50L), ("second", 20L), ("first", 10L) })
            Grant(id, 1, at);
        Assert.NotNull(_view.HeldReason("x"));
        Assert.Equal(["first"], _jobs.LookedAtBefore(50, 1).Select(j => j.Key));
        var two = _jobs.LookedAtBefore(50, 10);
        Assert.Equal(["first", "second"], two.Select(j => j.Key));
        Assert.False(_jobs.LookedAt(two[0], held: true, 60));
        Assert.Equal(["second"], _jobs.LookedAtBefore(50, 10).Select(j => j.Key));
        Assert.True(_jobs.LookedAt(two[1], held: false, 60));
        Assert.Equal((2, 3.0, (string?)null), (_view.InFlight("x"), _view.Used["x"], _view.HeldReason("x")));
    }

    /// <summary>Each charge is 1 s, so that the charges of those in flight are their number.</summary>
    [Fact]
    public void Whatever_is_lost_late_or_said_twice_each_is_in_flight_once() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 7], Gen.Int[-1, 2]).Array[1, 80].Sample(
            steps =>
            {
                var world = new InFlightJobsTests();
                var (epoch, looked) = (0L, world._jobs.LookedAtBefore(long.MaxValue, 10));
                foreach (var (kind, job, any) in steps)
                {
                    var id = $"{job}";
                    switch (kind)
                    {
                        case 0 or 1 when world._view.HeldReason("x") is null:
                            world.Grant(id, ++epoch);
                            break;
                        case 2:
                            world._jobs.Found(id, new(++epoch, "x", 1, 0));
                            break;
                        case 3:
                            world._jobs.Ended(id, epoch + any, 1);
                            break;
                        case 4:
                            looked = world._jobs.LookedAtBefore(long.MaxValue, 10);
                            break;
                        case 5 when looked.Count > 0:
                            world._jobs.LookedAt(looked[job % looked.Count], any > 0, 0);
                            break;
                    }

                    Assert.Equal(world._view.InFlight("x"), world._jobs.Charged.GetValueOrDefault("x"));
                }

                for (var job = 0; job <= 7; job++)
                    world._jobs.Ended($"{job}", epoch, 1);
                Assert.Equal((0, null), (world._view.InFlight("x"), world._view.HeldReason("x")));
            },
            iter: 2_000);

    private bool Grant(string id, long epoch, long at = 0) => _jobs.Granted(id, new(epoch, "x", Pop(id).Charge, at));

    private ReadyItem Pop(string id)
    {
        _view.Add(0, new(id, ++_number, new(50, 0, _number), Any.Hash, "x"), Any);
        return _view.Pop(Worker, ClaimFacts.None, 0)!.Value;
    }
}

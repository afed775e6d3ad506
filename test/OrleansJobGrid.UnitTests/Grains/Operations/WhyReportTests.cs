using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Operations;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.UnitTests.Grains.Jobs;
using Xunit;
using static OrleansJobGrid.UnitTests.Grains.Workers.Known;

namespace OrleansJobGrid.UnitTests.Grains.Operations;

public sealed class WhyReportTests
{
    private static readonly WorkerCapabilities Large = new() { Hardware = new() { GpuMemoryMb = 45_000 } };
    private static readonly JobRequirements NeedsLarge = new() { Hardware = new() { GpuMemoryGb = 40 } };

    [Theory]
    [InlineData("assigned", "It was granted to worker worker-1 and begins.")]
    [InlineData("in_progress", "It runs on worker worker-1 since 2023-11-14 22:13:20Z.")]
    [InlineData("retrying", "Attempt 1 failed (it broke); the next one is due 2023-11-14 22:13:")]
    public void A_job_that_does_not_wait_says_where_it_is(string status, string words)
    {
        var record = status switch
        {
            "assigned" => Samples.Assigned(),
            "in_progress" => Samples.InProgress(),
            _ => Samples.Failed(Samples.InProgress(), Samples.Failure()),
        };
        Assert.StartsWith(words, Why(record, Job(), [], null).Summary);
    }

    [Fact]
    public void Nobody_can_nobody_is_there_and_nobody_is_free_are_told_apart()
    {
        var job = Job(NeedsLarge);
        var nobody = Why(Samples.Pending(), job, [Worker("a"), Worker("b")], Next());
        Assert.False(nobody.Workable);
        Assert.StartsWith("No registered worker can do it. 2 workers: 2 have no GPU known to it, 40 GB of GPU memory are needed.", nobody.Summary);
        Assert.Contains("It ends as timeout at ", nobody.Summary);

        var away = Why(Samples.Pending(), job, [Away("a", Large)], Next());
        Assert.True(away.Workable);
        Assert.StartsWith("No worker claims such jobs now; of those registered 1 could do it: 1 away.", away.Summary);

        var draining = Why(Samples.Pending(), job, [Worker("a", Large, draining: true), Worker("b")], Next());
        Assert.Equal((2, 1, 0), (draining.Registered, draining.Live, draining.Matching));
        Assert.StartsWith("No worker that claims such jobs can do it now; of those registered 1 could do it: 1 draining.", draining.Summary);

        var broken = Why(Samples.Pending(), job, [Worker("a", Large, outage: "GPU 0 is lost."), Worker("c", Large, draining: true), Away("d", Large), Worker("b")], Next());
        Assert.Equal((4, 1, 0, 0), (broken.Registered, broken.Live, broken.Matching, broken.Free));
        Assert.Contains("of those registered 3 could do it: 1 away, 1 draining, 1 without a GPU that works (a: GPU 0 is lost).", broken.Summary);

        var resting = Why(Samples.Pending(), job, [Worker("a", Large, breaker: "launch failure"), Worker("b")], Next());
        Assert.Equal((2, 1, 0), (resting.Registered, resting.Live, resting.Matching));
        Assert.Contains("of those registered 1 could do it: 1 resting since the machine failed several jobs (a: launch failure).", resting.Summary);

        var busy = Why(Samples.Pending(), job, [Worker("a", Large, jobs: 1), Worker("b")], Next());
        Assert.Equal((1, 0), (busy.Matching, busy.Free));
        Assert.StartsWith("All 1 workers that can do it are busy; it is the next.", busy.Summary);

        var free = Why(Samples.Pending(), job, [Worker("a", Large, slots: 2, jobs: 1)], Next() with { Position = 3 });
        Assert.StartsWith("1 of 1 workers that can do it have a free slot; 2 jobs are before it.", free.Summary);
    }

    [Fact]
    public void A_customer_that_is_held_and_a_memory_that_is_taken_are_the_reasons_given()
    {
        KnownWorker[] workers = [Worker("a", Large)];
        Assert.Equal(
            "It waits since customer 'x' has 2 jobs in flight, its limit (MaxInFlight).",
            Why(Samples.Pending(), Job(), workers, Next() with { CustomerHeld = "customer 'x' has 2 jobs in flight, its limit (MaxInFlight)" }).Summary);
        var taken = Why(Samples.Pending(), Job(), workers, Next() with { NotNow = new Dictionary<string, int> { ["too little is free"] = 1 } });
        Assert.StartsWith("Workers that can do it do not take it now: 1: too little is free.", taken.Summary);
    }

    [Fact]
    public void A_paused_queue_is_the_reason_given_and_there_is_no_start_then()
    {
        var paused = Next() with { Position = 2, SecondsAhead = 80, RunP50Seconds = 10, Pause = new(Samples.Start - 60_000, "by day.") };
        var why = Why(Samples.Pending(), Job(), [Worker("a")], paused);
        Assert.StartsWith("Its queue 'default' is paused since 2023-11-14 22:12:20Z: by day; 1 job is before it. It ends as timeout at ", why.Summary);
        Assert.Null(why.StartP50Seconds);
        Assert.NotNull(Why(Samples.Pending(), Job(), [Worker("a")], paused with { Pause = null }).StartP50Seconds);

        var both = Why(Samples.Pending(), Job(NeedsLarge), [Worker("a")], paused);
        Assert.StartsWith("Its queue 'default' is paused since 2023-11-14 22:12:20Z: by day. No registered worker can do it. ", both.Summary);
    }

    [Fact]
    public void The_start_is_the_work_ahead_shared_by_the_slots_and_what_is_left_of_a_run()
    {
        var wait = Next() with { Position = 9, SecondsAhead = 80, RunP50Seconds = 10, RunP90Seconds = 14, Measured = 5 };
        KnownWorker[] busy = [Worker("a", slots: 3, jobs: 3), Worker("b", jobs: 1)];
        Assert.Equal((25.0, 34.0), Start(busy, wait));
        Assert.Equal((20.0, 20.0), Start([Worker("a", slots: 3, jobs: 3), Worker("b")], wait));
        Assert.Equal((0.0, 0.0), Start([Worker("b")], Next()));
        Assert.Equal((null, null), Start(busy, Next() with { Position = 2 }));
        Assert.Equal((null, null), Start([Away("a")], wait));

        static (double?, double?) Start(KnownWorker[] workers, QueueWait wait)
        {
            var why = Why(Samples.Pending(), Job(), workers, wait);
            return (why.StartP50Seconds, why.StartP90Seconds);
        }
    }

    private static QueueWait Next() => new() { Position = 1 };

    private static JobWhy Why(JobRecord record, WaitingJob job, IReadOnlyList<KnownWorker> workers, QueueWait? wait) =>
        WhyReport.Of("job-1", record, job, workers, wait, Samples.Start);
}

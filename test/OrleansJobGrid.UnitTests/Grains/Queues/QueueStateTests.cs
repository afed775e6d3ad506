using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.UnitTests.Grains.Workers;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

public sealed class QueueStateTests
{
    private static readonly Signature Any = Known.SignatureOf();
    private static readonly WorkerMatch Worker = new(WorkerCapabilities.None, ["draw"], null, "w");

    [Fact]
    public void What_is_written_is_read_again()
    {
        var state = new QueueState
        {
            Day = 20_600,
            Used = new Dictionary<string, double> { ["x"] = 12.5, [""] = 3 },
            Learned = new Dictionary<string, LearnedRuns> { ["a|m1|||"] = new([1.5, 2], [8_000], 16_001, 1_785_000_600_000) },
        };
        var read = QueueState.Read(state.Write());
        Assert.Equal(state.Day, read.Day);
        Assert.Equal(state.Used, read.Used);
        Assert.Equal(state.Learned.Keys, read.Learned.Keys);
        var (written, again) = (state.Learned["a|m1|||"], read.Learned["a|m1|||"]);
        Assert.Equal(written.Seconds, again.Seconds);
        Assert.Equal(written.MemoryMb, again.MemoryMb);
        Assert.Equal((written.FloorMb, written.FloorUntil), (again.FloorMb, again.FloorUntil));
    }

    [Fact]
    public void A_view_gives_back_what_it_was_given_of_the_runs()
    {
        var learned = new Dictionary<string, LearnedRuns> { ["a|m1|||"] = new([1.5, 2], [8_000], 16_001, 1_785_000_600_000) };
        var view = new ReadyView(1);
        view.Restore(learned);
        var again = Assert.Single(view.Learned(10)).Value;
        Assert.Equal(learned["a|m1|||"].Seconds, again.Seconds);
        Assert.Equal(learned["a|m1|||"].MemoryMb, again.MemoryMb);
        Assert.Equal((16_001, 1_785_000_600_000), (again.FloorMb, again.FloorUntil));
        Assert.Empty(view.Learned(0));
    }

    [Fact]
    public void A_budget_that_was_used_up_holds_before_its_customer_has_a_job_and_a_new_day_frees_it()
    {
        var view = new ReadyView(1, new() { EveryCustomer = new(GpuSecondsPerDay: 10) });
        Assert.False(view.SetUsed(new Dictionary<string, double> { ["x"] = 10, ["y"] = 9 }));
        foreach (var (customer, number) in new[] { ("x", 1L), ("y", 2L) })
            view.Add(0, new(customer, number, new(50, 0, number), Any.Hash, customer), Any);
        Assert.Equal("y", view.Pop(Worker, ClaimFacts.None, 0)!.Value.Ready.JobId);
        Assert.Null(view.Pop(Worker, ClaimFacts.None, 0));

        Assert.True(view.SetUsed(new Dictionary<string, double>()));
        Assert.Equal("x", view.Pop(Worker, ClaimFacts.None, 0)!.Value.Ready.JobId);
    }

    [Fact]
    public void Who_has_jobs_that_run_already_had_that_much_of_its_share()
    {
        var view = new ReadyView(1, new() { Fair = true });
        view.Resumes("x", 60);
        foreach (var (id, number, customer) in new[] { ("x-1", 1L, "x"), ("y-1", 2L, "y") })
            view.Add(0, new(id, number, new(50, 0, number), Any.Hash, customer), Any);
        Assert.Equal("y-1", view.Pop(Worker, ClaimFacts.None, 0)!.Value.Ready.JobId);
    }

    [Fact]
    public void A_job_that_runs_already_is_charged_as_at_its_claim()
    {
        var view = new ReadyView(1);
        Assert.Equal(1, view.CostSeconds(Any));
        view.Learn(Any, EndedKind.Completed, 30, null, 0);
        Assert.Equal(30, view.CostSeconds(Any));
        Assert.Equal(7, view.CostSeconds(Known.SignatureOf(new() { Envelope = new() { RuntimeSeconds = 7 } })));
    }
}

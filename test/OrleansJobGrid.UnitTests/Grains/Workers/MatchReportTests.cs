using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Workers;
using Xunit;
using static OrleansJobGrid.UnitTests.Grains.Workers.Known;

namespace OrleansJobGrid.UnitTests.Grains.Workers;

public sealed class MatchReportTests
{
    [Fact]
    public void Workers_are_counted_once_under_the_first_clause_that_fails_the_most_frequent_first()
    {
        var big = new WorkerCapabilities { Hardware = new() { GpuMemoryMb = 45_000 } };
        var small = new WorkerCapabilities { Hardware = new() { GpuMemoryMb = 15_260 }, Models = Models("sdxl") };
        var job = Job(new() { Models = ["sdxl"], Hardware = new() { GpuMemoryGb = 24 } });
        KnownWorker[] workers =
        [
            .. Enumerable.Range(0, 5).Select(n => Worker($"big-{n}", big)), .. Enumerable.Range(0, 2).Select(n => Worker($"small-{n}", small)),
            Worker("able", new() { Hardware = big.Hardware, Models = Models("SDXL") }),
        ];

        var clauses = MatchReport.Clauses(workers, job);

        Assert.Equal([("models", 5), ("gpu_memory", 2)], clauses.Select(c => (c.Clause, c.Workers)));
        Assert.Equal(["big-0", "big-1", "big-2", "big-3", "big-4"], clauses[0].Examples);
        Assert.Equal("8 workers: 5 lack model sdxl, 2 have 16 GB of the 24 GB of GPU memory needed", MatchReport.Words(8, clauses));
        Assert.Null(WorkerDirectory.Unworkable(workers, job));
    }

    [Fact]
    public void A_queue_that_a_worker_does_not_claim_from_or_whose_label_it_lacks_counts_as_well()
    {
        KnownWorker[] workers = [Worker("elsewhere", queues: ["other"]), Worker("plain"), Worker("fast", new() { Labels = ["fast"] }, queues: ["hot", "other"])];

        Assert.Equal(
            [("queue", "does not claim from queue 'hot'"), ("queue_labels", "lacks label fast, which queue 'hot' asks for")],
            MatchReport.Clauses(workers, Job(null, "", "hot", "fast")).Select(c => (c.Clause, c.Detail)));
        Assert.Equal(["fast"], workers.Where(w => w.CouldDo(Job(null, "", "hot", "fast"))).Select(w => w.WorkerId));
        Assert.Equal(["elsewhere", "plain", "fast"], workers.Where(w => w.CouldDo(Job(null, "", "other"))).Select(w => w.WorkerId));
    }

    [Fact]
    public void Nobody_at_all_nobody_of_the_service_and_nobody_for_the_customer_are_told_apart()
    {
        Assert.StartsWith("No registered worker does the service 'draw'.", WorkerDirectory.Unworkable([], Job()));
        Assert.StartsWith("No registered worker does the service 'draw'.", WorkerDirectory.Unworkable([Worker("w", service: "other")], Job()));
        var closed = new WorkerCapabilities { CustomerAccess = new() { DeniedCustomers = ["x"] } };
        Assert.StartsWith("No registered worker can do it. 1 worker: 1 does not take jobs of customer 'x'.", WorkerDirectory.Unworkable([Away("w", closed)], Job(customer: "x")));
        Assert.Null(WorkerDirectory.Unworkable([Away("w", closed)], Job(customer: "y")));
    }

    private static Dictionary<string, IReadOnlyList<string>> Models(params string[] names) => new() { ["*"] = names };
}

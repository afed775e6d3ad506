using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Operations;
using Xunit;
using static OrleansJobGrid.UnitTests.Grains.Workers.Known;

namespace OrleansJobGrid.UnitTests.Grains.Operations;

public sealed class DemandReportTests
{
    private const long Clock = 1_000_000;

    [Fact]
    public void Work_seconds_oldest_wait_and_wanted_workers_stand_by_capability_class()
    {
        var needs = new JobRequirements { Hardware = new() { GpuMemoryGb = 24 } };
        BucketDemand[] waiting =
        [
            new(SignatureOf(needs with { Models = ["a"] }).Text, 30, Clock - 5_000, 10),
            new(SignatureOf(needs with { Models = ["b"] }).Text, 10, Clock - 9_000, 30),
            // Never measured: taken to be as long as the others are on average, 15 s.
            new(SignatureOf(new() { Labels = ["cpu"] }).Text, 4, Clock - 1_000, null) { QueueLabels = ["fast"] },
        ];
        var classes = DemandReport.Classes(
            waiting, [Worker("w", new() { Hardware = new() { GpuMemoryMb = 45_000 }, Models = All() }, slots: 2)], TimeSpan.FromSeconds(60), Clock);

        Assert.Equal(["draw gpu_memory_gb=24", "draw labels=fast,cpu"], classes.Select(c => c.Class));
        Assert.Equal((40L, 600.0, 9.0, 1, 5), (classes[0].Jobs, classes[0].WorkSeconds, classes[0].OldestSeconds, classes[0].Workers, classes[0].WantedWorkers));
        Assert.Equal((4L, 60.0, 1.0, 0, 1), (classes[1].Jobs, classes[1].WorkSeconds, classes[1].OldestSeconds, classes[1].Workers, classes[1].WantedWorkers));
    }

    [Fact]
    public void Jobs_of_a_paused_queue_want_no_workers_and_are_told_apart()
    {
        BucketDemand[] waiting =
        [
            new(SignatureOf().Text, 30, Clock - 5_000, 10), new(SignatureOf().Text, 8, Clock - 9_000, 10) { Queue = "night", Paused = true },
            new(SignatureOf(new() { Labels = ["cpu"] }).Text, 4, Clock - 1_000, 10) { Queue = "night", Paused = true },
        ];
        var classes = DemandReport.Classes(waiting, [Worker("w")], TimeSpan.FromSeconds(60), Clock);

        Assert.Equal(new("draw", 30, 300, 5, 1, 5, 8), classes[0]);
        Assert.Equal(new("draw labels=cpu", 0, 0, 0, 0, 0, 4), classes[1]);
    }

    [Fact]
    public void A_worker_of_another_queue_or_without_its_label_serves_no_demand()
    {
        BucketDemand[] waiting = [new(SignatureOf().Text, 1, Clock, null) { Queue = "hot", QueueLabels = ["fast"] }];
        Assert.Equal(
            1,
            DemandReport.Classes(
                waiting,
                [Worker("elsewhere", new() { Labels = ["fast"] }, queues: ["other"]), Worker("plain"), Worker("able", new() { Labels = ["fast"] })],
                TimeSpan.FromSeconds(60), Clock)[0].Workers);
    }

    [Fact]
    public void Models_and_nodes_say_who_has_them_who_has_them_loaded_and_what_lacks_them()
    {
        BucketDemand[] waiting =
        [
            new(SignatureOf(new() { Models = ["sdxl"] }).Text, 3, Clock, null), new(SignatureOf(new() { Models = ["flux"], CustomNodes = ["tile"] }).Text, 2, Clock, null),
        ];
        var models = DemandReport.Models(
            waiting,
            [Worker("a", new() { Models = new Dictionary<string, IReadOnlyList<string>> { ["draw"] = ["SDXL"] } }, loaded: ["sdxl"]), Worker("b", new() { CustomNodes = ["tile"] })]);

        Assert.Equal(
            [("model", "flux", 2L, 2L), ("model", "SDXL", 3L, 0L), ("custom_node", "tile", 2L, 0L)],
            models.Select(m => (m.Kind, m.Name, m.WaitingJobs, m.LackedBy)));
        Assert.Equal(["a"], models[1].Workers);
        Assert.Equal(["a"], models[1].LoadedOn);
        Assert.Equal(["b"], models[2].Workers);
    }

    private static Dictionary<string, IReadOnlyList<string>> All() => new() { ["*"] = [WorkerCapabilities.All] };
}

using OrleansJobGrid.Connectors;
using OrleansJobGrid.UnitTests.Workers.Gpu;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;
using OrleansJobGrid.Workers.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers.Planning;

public sealed class WorkerPlanTests
{
    private static readonly MachineFacts Machine = new(16, 64, 500);
    private static readonly GpuProbeResult Two = Gpus.Found(Gpus.Reading(0), Gpus.Reading(1));

    [Fact]
    public void Without_a_GPU_there_is_one_CPU_worker()
    {
        var worker = Assert.Single(Plan(Gpus.None, One(new() { Id = "w" })).Workers);
        Assert.Equal(("w", Environment.ProcessorCount), (worker.Id, worker.Slots));
        Assert.Null(worker.Gpu);
        var hardware = worker.Capabilities.Value.Hardware!;
        Assert.Equal((16, 64.0, 500.0, null, null), (hardware.CpuCores, hardware.RamGb, hardware.DiskGb, hardware.GpuCount, hardware.GpuMemoryMb));

        Assert.Equal($"{Environment.MachineName}-{Environment.ProcessId}", Plan(Gpus.None, One(new())).Workers.Single().Id);
        Assert.Null(Plan(Two, One(new() { Gpus = "None" })).Workers.Single().Gpu);
    }

    [Fact]
    public void Each_GPU_is_a_worker_with_one_slot()
    {
        var workers = Plan(Two, One(new() { Node = "n" })).Workers;
        Assert.Equal(["n:GPU-0", "n:GPU-1"], workers.Select(w => w.Id));
        Assert.All(workers, w => Assert.Equal(1, w.Slots));
        var hardware = workers[1].Capabilities.Value.Hardware!;
        Assert.Equal((24_000L, 1, "NVIDIA GeForce RTX 4090", "ada"), (hardware.GpuMemoryMb, hardware.GpuCount, hardware.GpuModel, hardware.GpuArchitecture));
        // Equal machines, equal keys: a queue plans for them once.
        Assert.Equal(workers[0].Capabilities.Key, workers[1].Capabilities.Key);
        Assert.Equal(16, workers[0].Capabilities.Key.Length);
    }

    [Theory]
    [InlineData("auto", "w:GPU-0 w:GPU-1")]
    [InlineData("1", "w")]
    [InlineData("gpu-1, 0", "w:GPU-1 w:GPU-0")]
    public void A_configured_id_is_the_only_worker_s_own_and_else_a_prefix(string gpus, string ids)
    {
        var plan = Plan(Two, One(new() { Id = "w", Gpus = gpus, Slots = 3 }));
        Assert.Equal(ids.Split(' '), plan.Workers.Select(w => w.Id));
        Assert.All(plan.Workers, w => Assert.Equal(3, w.Slots));
    }

    [Theory]
    [InlineData("2", "JobGrid:Worker:Gpus names the GPU '2', which is not there. There are 0 (NVIDIA GeForce RTX 4090, GPU-0), 1 (")]
    [InlineData("GPU-x", "names the GPU 'GPU-x', which is not there")]
    [InlineData("0,GPU-0", "names GPU 0 (GPU-0) twice")]
    [InlineData(" , ", "is empty")]
    public void A_wrong_list_of_GPUs_is_refused(string gpus, string error) =>
        Assert.Contains(error, Assert.Single(Plan(Two, One(new() { Gpus = gpus })).Errors));

    [Fact]
    public void A_list_of_GPUs_without_a_driver_says_why_there_are_none() =>
        Assert.Contains("no GPU: libnvidia-ml.so.1 is not there. Give auto or none", Assert.Single(Plan(Gpus.None, One(new() { Gpus = "0" })).Errors));

    [Fact]
    public void Named_workers_are_planned_as_they_say()
    {
        var plan = Plan(Two, Named("left", new() { Id = "n-left", Gpus = "0" }), Named("cpu", new() { Id = "n-cpu", Gpus = "none", Slots = 8 }));
        Assert.Empty(plan.Errors);
        Assert.Equal([("n-left", 1, "GPU-0"), ("n-cpu", 8, null)], plan.Workers.Select(w => (w.Id, w.Slots, w.Gpu?.Uuid)));
    }

    [Fact]
    public void All_errors_of_all_workers_come_at_once()
    {
        var left = new WorkerOptions { Id = "a", Gpus = "0", Slots = 0 };
        var right = new WorkerOptions { Id = "b", Gpus = "GPU-0", CostTier = "cheap" };
        var third = new WorkerOptions { Id = "b" };
        left.Instances.Add("s/a");
        right.Instances.Add("s/a");
        third.Instances.Add("s/z");
        third.Services.Add("nothing");
        var errors = Plan(Two, [Named("left", left), Named("right", right), Named("third", third)], new FakeExternalConnector("s/a", "s/b")).Errors;

        foreach (var expected in (string[])[
            "JobGrid:Workers:left:Slots must be between 1 and 1000.",
            "JobGrid:Workers:right:CostTier is 'cheap'; give one of economy, standard, premium.",
            "GPU 0 (GPU-0) is used by several workers: JobGrid:Workers:left:Gpus, JobGrid:Workers:right:Gpus. Give each its own, or none.",
            "Instance 's/a' is used by several workers: JobGrid:Workers:left:Instances, JobGrid:Workers:right:Instances. Name it in one.",
            "JobGrid:Workers:third:Instances names 's/z', which no service has. There are s/a, s/b; names are service/instance.",
            "JobGrid:Workers:third:Services names 'nothing', which this program has no connector for. There are outside.",
            "JobGrid:Workers:third:Gpus does not say which GPU is this worker's; name exactly one, or none. There are 0 (",
            "The worker id 'b' stands for 2 workers; give each its own Id."])
        {
            Assert.Single(errors, e => e.StartsWith(expected, StringComparison.Ordinal));
        }

        Assert.Equal(8, errors.Count);
    }

    [Fact]
    public void A_named_worker_has_one_GPU() =>
        Assert.Contains("names 2 GPUs; a worker has exactly one", Assert.Single(Plan(Two, Named("left", new() { Id = "l", Gpus = "0,1" })).Errors));

    [Theory]
    [InlineData("GpuMemoryGb", "is 48 (45776 MB), but NVIDIA GeForce RTX 4090 was measured to have 24000 MB (25.17 GB); lower it, or leave it out.")]
    [InlineData("GpuCount", "is 2, but 1 GPUs of this worker")]
    [InlineData("GpuModel", "is 'H100', but the driver names 'NVIDIA GeForce RTX 4090'; give that or a part of it, or leave it out.")]
    [InlineData("GpuArchitecture", "is 'hopper', but the driver names 'ada'; give that, or leave it out.")]
    [InlineData("CpuCores", "is 17, but 16 processor cores were measured")]
    [InlineData("RamGb", "is 65, but 64 GB of memory were measured")]
    [InlineData("DiskGb", "is 501, but 500 GB free in the work folder were measured")]
    public void A_worker_that_claims_more_than_was_measured_is_refused_with_both_figures(string setting, string error)
    {
        var options = new WorkerOptions { Gpus = "0" };
        (options.Hardware.GpuMemoryGb, options.Hardware.GpuCount, options.Hardware.CpuCores) = (
            setting == "GpuMemoryGb" ? 48 : null, setting == "GpuCount" ? 2 : null, setting == "CpuCores" ? 17 : null);
        (options.Hardware.RamGb, options.Hardware.DiskGb) = (setting == "RamGb" ? 65 : null, setting == "DiskGb" ? 501 : null);
        (options.Hardware.GpuModel, options.Hardware.GpuArchitecture) = (setting == "GpuModel" ? "H100" : null, setting == "GpuArchitecture" ? "hopper" : null);
        Assert.StartsWith($"JobGrid:Worker:Hardware:{setting} {error}", Assert.Single(Plan(Two, One(options)).Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_may_claim_less_and_what_nothing_measures()
    {
        var less = new WorkerOptions { Gpus = "0" };
        (less.Hardware.GpuMemoryGb, less.Hardware.GpuModel, less.Hardware.CpuCores) = (12, "rtx 4090", 4);
        var offered = Assert.Single(Plan(Two, One(less)).Workers).Capabilities.Value.Hardware!;
        Assert.Equal((11_444L, "NVIDIA GeForce RTX 4090", 4), (offered.GpuMemoryMb, offered.GpuModel, offered.CpuCores));

        var other = new WorkerOptions();
        (other.Hardware.GpuMemoryGb, other.Hardware.GpuModel) = (16, "Radeon");
        var plan = Plan(Gpus.None, One(other));
        Assert.Empty(plan.Errors);
        Assert.Equal((15_258L, 1, "Radeon"), Of(plan.Workers.Single().Capabilities.Value.Hardware!));

        // The driver is there, so that a CPU worker has none.
        other.Gpus = "none";
        Assert.Equal(2, Plan(Two, One(other)).Errors.Count);

        static (long?, int?, string?) Of(OrleansJobGrid.Contracts.Matching.HardwareCapabilities h) => (h.GpuMemoryMb, h.GpuCount, h.GpuModel);
    }

    [Fact]
    public void A_worker_takes_its_share_of_each_connector()
    {
        var (left, rest, inner) = (new WorkerOptions { Id = "l" }, new WorkerOptions { Id = "r" }, new WorkerOptions { Id = "i" });
        left.Instances.Add("s/a");
        inner.Services.Add("fake");
        var (outside, fake) = (new FakeExternalConnector("s/a", "s/b"), new FakeConnector());
        var workers = Plan(Gpus.None, [Named("l", left), Named("r", rest), Named("i", inner)], outside, fake).Workers;

        Assert.Equal(["s/a"], InstancesOf(workers[0].ShareOf(outside)));
        Assert.Equal(["s/b"], InstancesOf(workers[1].ShareOf(outside)));
        Assert.Null(workers[2].ShareOf(outside));
        Assert.All(workers, w => Assert.Same(fake, w.ShareOf(fake)));
        Assert.Same(outside, Plan(Gpus.None, [One(new())], outside).Workers.Single().ShareOf(outside));

        static IEnumerable<string> InstancesOf(IConnector? connector) => ((IExternalConnector)connector!).Instances.Select(i => i.Id);
    }

    private static WorkerSettings One(WorkerOptions options) => new("JobGrid:Worker", null, options);

    private static WorkerSettings Named(string name, WorkerOptions options) => new($"JobGrid:Workers:{name}", name, options);

    private static WorkerPlan Plan(GpuProbeResult probe, params WorkerSettings[] settings) => Plan(probe, settings, []);

    private static WorkerPlan Plan(GpuProbeResult probe, WorkerSettings[] settings, params IConnector[] connectors) =>
        WorkerPlan.Of(settings, probe, Machine, connectors);
}

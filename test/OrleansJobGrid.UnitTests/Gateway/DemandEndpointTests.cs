using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Workers;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class DemandEndpointTests
{
    private static readonly DemandView Demand = new("comfyui gpu_memory_gb=24 \"fast\"", 12, 480.5, 61.25, 2, 5, 7);

    [Fact]
    public async Task Demand_IsAnEntryAClass()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.DemandList = [Demand];
        var json = (await gateway.GetAsync("/api/demand")).Json;
        Assert.Equal(["success", "demand", "next_cursor", "timestamp"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            """[{"class":"comfyui gpu_memory_gb=24 \"fast\"","jobs":12,"work_seconds":480.5,"oldest_seconds":61.25,"workers":2,"wanted_workers":5,"paused_jobs":7}]""",
            json.GetProperty("demand").GetRawText());
    }

    [Fact]
    public async Task Models_TellWhoHasThemAndWhoLacksThem()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.ModelList = [new ModelView("model", "sdxl", ["w-1", "w-2"], ["w-2"], 7, 0), new ModelView("custom_node", "Impact-Pack", [], [], 3, 3)];
        var json = (await gateway.GetAsync("/api/models")).Json;
        Assert.Equal(["success", "models", "next_cursor", "timestamp"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            """[{"kind":"model","name":"sdxl","workers":["w-1","w-2"],"loaded_on":["w-2"],"waiting_jobs":7,"lacked_by":0},{"kind":"custom_node","name":"Impact-Pack","workers":[],"loaded_on":[],"waiting_jobs":3,"lacked_by":3}]""",
            json.GetProperty("models").GetRawText());
    }

    [Fact]
    public async Task Prometheus_HasTheDemandByClass()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.DemandList = [Demand];
        var text = (await gateway.GetAsync("/metrics")).Text;
        const string Label = """{class="comfyui gpu_memory_gb=24 \"fast\""}""";
        string[] samples =
        [
            $"jobgrid_demand_jobs{Label} 12", $"jobgrid_demand_work_seconds{Label} 480.5", $"jobgrid_demand_oldest_seconds{Label} 61.25",
            $"jobgrid_demand_workers{Label} 2", $"jobgrid_demand_wanted_workers{Label} 5", $"jobgrid_demand_paused_jobs{Label} 7",
        ];
        Assert.All(samples, s => Assert.Contains($"# TYPE {s[..s.IndexOf('{')]} gauge\n{s}\n", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prometheus_HasTheGpusOfWorkersThatReadThem()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var gpu = new GpuView { Uuid = "GPU-1", Name = "g", MemoryTotalMb = 24_564, MemoryFreeMb = 20_000, UtilizationPercent = 7, TemperatureCelsius = 41 };
        gateway.Grid.WorkerList =
        [
            WorkerControlEndpointTests.Worker("full") with { Gpu = gpu, ModelLoads = 3 },
            WorkerControlEndpointTests.Worker("terse") with { Gpu = gpu with { Uuid = "GPU-2", UtilizationPercent = null, TemperatureCelsius = null } },
            WorkerControlEndpointTests.Worker("blind") with { Gpu = gpu with { Uuid = "GPU-3", Fault = "the driver does not answer" } },
            WorkerControlEndpointTests.Worker("broken") with { State = "faulty", Gpu = gpu with { Uuid = "GPU-5", Fault = "it is lost", Gone = true } },
            WorkerControlEndpointTests.Worker("gone") with { State = "lost", Gpu = gpu with { Uuid = "GPU-4" }, ModelLoads = 4 },
            WorkerControlEndpointTests.Worker("cpu"),
            WorkerControlEndpointTests.Worker("away") with { State = "offline", SessionId = "", ModelLoads = 9 },
        ];
        var lines = (await gateway.GetAsync("/metrics")).Text.Split('\n').Where(l => l.StartsWith("jobgrid_worker_", StringComparison.Ordinal)).ToArray();
        Assert.Equal(
            [
                """jobgrid_worker_gpu_gone{worker="full",gpu="GPU-1"} 0""",
                """jobgrid_worker_gpu_gone{worker="terse",gpu="GPU-2"} 0""",
                """jobgrid_worker_gpu_gone{worker="blind",gpu="GPU-3"} 0""",
                """jobgrid_worker_gpu_gone{worker="broken",gpu="GPU-5"} 1""",
                """jobgrid_worker_gpu_memory_total_bytes{worker="full",gpu="GPU-1"} 25757220864""",
                """jobgrid_worker_gpu_memory_total_bytes{worker="terse",gpu="GPU-2"} 25757220864""",
                """jobgrid_worker_gpu_memory_free_bytes{worker="full",gpu="GPU-1"} 20971520000""",
                """jobgrid_worker_gpu_memory_free_bytes{worker="terse",gpu="GPU-2"} 20971520000""",
                """jobgrid_worker_gpu_utilization_ratio{worker="full",gpu="GPU-1"} 0.07""",
                """jobgrid_worker_gpu_temperature_celsius{worker="full",gpu="GPU-1"} 41""",
            ],
            lines.Where(l => l.StartsWith("jobgrid_worker_gpu_", StringComparison.Ordinal)));
        Assert.Equal(["blind", "broken", "cpu", "full", "gone", "terse"], lines.Where(l => l.Contains("model_loads_total", StringComparison.Ordinal)).Select(l => l.Split('"')[1]).Order());
        Assert.Contains(lines, l => l.EndsWith("{worker=\"full\"} 3", StringComparison.Ordinal));
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Host.Hosting;
using OrleansJobGrid.UnitTests.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;
using OrleansJobGrid.Workers.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Hosting;

public sealed class WorkerSettingsTests
{
    private static string Samples
    {
        get
        {
            var at = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(at, "OrleansJobGrid.sln")))
                at = Path.GetDirectoryName(at) ?? throw new InvalidOperationException("The repository is not above the tests.");
            return Path.Combine(at, "docs", "samples");
        }
    }

    [Fact]
    public void The_sample_of_two_GPUs_makes_a_worker_with_its_own_instance_on_each()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(Path.Combine(Samples, "two-gpus.json")).Build();
        KnownSettings.Check(configuration);
        var services = new ServiceCollection();
        services.AddConnectors(configuration, new GridOptions(), []);
        using var provider = services.BuildServiceProvider();
        var connectors = provider.GetServices<IConnector>().ToList();
        var plan = WorkerPlan.Of(
            [.. provider.GetServices<WorkerSettings>()], Gpus.Found(Gpus.Reading(0), Gpus.Reading(1)), new(16, 64, 500), connectors);

        Assert.Empty(plan.Errors);
        Assert.Equal([null, "GPU-0", "GPU-1"], plan.Workers.Select(w => w.Gpu?.Uuid));
        Assert.Equal(["render-1:cpu", "render-1:left", "render-1:right"], plan.Workers.Select(w => w.Id));
        Assert.Equal([4, 1, 1], plan.Workers.Select(w => w.Slots));
        var draw = connectors.Single(c => c.Service == "draw");
        Assert.Equal(["draw/left"], ((IExternalConnector)plan.Workers[1].ShareOf(draw)!).Instances.Select(i => i.Id));
        Assert.Equal(["draw/right"], ((IExternalConnector)plan.Workers[2].ShareOf(draw)!).Instances.Select(i => i.Id));
        Assert.Null(plan.Workers[0].ShareOf(draw));
        var left = plan.Workers[1].Capabilities.Value;
        Assert.Equal(["flux-dev", "sdxl"], left.Models!["draw"]);
        Assert.Equal("eu-west", left.Region);
        Assert.Equal(10, left.Attributes!["network_gbit"].GetInt32());
        Assert.True(left.Requires!.NegativeRequirements!.ContainsKey("runtime_class"));
        Assert.Equal(["sdxl"], plan.Workers[2].Capabilities.Value.Models!["draw"]);
        Assert.All(plan.Workers, w => Assert.Equal(TimeSpan.FromSeconds(1), w.Options.Linger));
    }

    [Fact]
    public void The_example_of_the_documentation_is_read()
    {
        var text = File.ReadAllText(Path.Combine(Samples, "..", "workers.md"));
        var json = text.Split("```json")[1].Split("```")[0];
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        var configuration = new ConfigurationBuilder().AddJsonStream(stream).Build();
        KnownSettings.Check(configuration);
        Assert.Equal(["render-1:cpu", "render-1:left", "render-1:right"], WorkerSettings.Read(configuration).Select(w => w.Options.Id));
    }

    [Theory]
    [InlineData("Worker:Gpu")]
    [InlineData("Worker:Hardware:GpuMemory")]
    [InlineData("Worker:CustomerAccess:Allowed")]
    [InlineData("Worker:Requires:Positive")]
    [InlineData("Workers:left:Gpu")]
    [InlineData("Workers:left:Hardware:GpuMemory")]
    [InlineData("Workers:left:CustomerAccess:Allowed")]
    [InlineData("Workers:left:Requires:Positive")]
    public void A_name_that_nobody_reads_is_refused(string name) =>
        Assert.Equal($"There is no setting JobGrid:{name}", Assert.Throws<GridSettingsException>(() => KnownSettings.Check(Of((name, "1")))).Message);

    [Fact]
    public void Free_sections_may_hold_anything()
    {
        var configuration = Of(
            ("Worker:Attributes:disk", "nvme"), ("Worker:Attributes:cuda", "12.4"), ("Worker:Attributes:built", "2026-01-05"), ("Worker:Attributes:ecc", "True"),
            ("Worker:Attributes:nodes:0", "a"), ("Worker:Attributes:nodes:1", "b"), ("Worker:Attributes:net:gbit", "10"),
            ("Worker:Requires:PositiveRequirements:service:0", "draw"), ("Worker:Models:draw:0", "sdxl"), ("Worker:Models:*:0", "clip"));
        KnownSettings.Check(configuration);
        var options = WorkerSettings.Read(configuration).Single().Options;
        Assert.Equal(
            """built="2026-01-05" cuda=12.4 disk="nvme" ecc=true net={"gbit":10} nodes=["a","b"]""",
            string.Join(' ', options.Attributes!.Select(a => $"{a.Key}={a.Value.GetRawText()}")));
        Assert.Equal("""["draw"]""", options.Requires!.PositiveRequirements!["service"].GetRawText());
        Assert.Equal(["clip"], options.Models["*"]);
    }

    [Fact]
    public void A_worker_with_a_name_lies_over_the_one_below_it_and_its_lists_replace_lists()
    {
        var settings = WorkerSettings.Read(Of(
            ("Worker:Node", "n"), ("Worker:Gpus", "0"), ("Worker:Slots", "7"), ("Worker:Queues:0", "a"), ("Worker:Queues:1", "b"), ("Worker:Labels:0", "x"),
            ("Worker:Models:draw:0", "m1"), ("Worker:Models:draw:1", "m2"), ("Worker:Models:talk:0", "m3"), ("Worker:DrainBudget", "00:00:09"),
            ("Workers:left:Queues:0", "c"), ("Workers:left:Models:draw:0", "m4"), ("Workers:left:Gpus:0", "1"), ("Workers:left:Labels", ""),
            ("Workers:right:Id", "own"), ("Workers:right:Slots", "2")));
        var (left, right) = (settings[0], settings[1]);

        Assert.Equal(("left", "JobGrid:Workers:left", "n-left", "1", 7), (left.Name, left.Section, left.Options.Id, left.Options.Gpus, left.Options.Slots));
        Assert.Equal(["c"], left.Options.Queues);
        Assert.Empty(left.Options.Labels);
        Assert.Equal((["m4"], ["m3"]), (left.Options.Models["draw"], left.Options.Models["talk"]), Pairs);
        // The GPU of the one below is not that of each.
        Assert.Equal(("own", "auto", 2), (right.Options.Id, right.Options.Gpus, right.Options.Slots));
        Assert.Equal(["a", "b"], right.Options.Queues);
        Assert.Equal(TimeSpan.FromSeconds(9), right.Options.DrainBudget);
    }

    [Fact]
    public void The_id_of_the_one_below_is_the_prefix_of_those_with_names()
    {
        Assert.Equal("w:left", WorkerSettings.Read(Of(("Worker:Id", "w"), ("Workers:left:Gpus", "none"))).Single().Options.Id);
        Assert.Null(WorkerSettings.Read(Of()).Single().Options.Id);
    }

    private static bool Pairs((string[], string[]) a, (string[], string[]) b) => a.Item1.SequenceEqual(b.Item1) && a.Item2.SequenceEqual(b.Item2);

    private static IConfigurationRoot Of(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create($"JobGrid:{s.Name}", (string?)s.Value))).Build();
}

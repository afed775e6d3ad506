using System.Text.Json;
using CsCheck;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Matching;

public sealed class MatcherTests
{
    private const string Rich = """
        {"components":["c1"],"workflows":["w1"],"models":{"a":["m1"],"*":["m2"]},"custom_nodes":["n1"],
         "hardware":{"gpu_memory_mb":24564,"gpu_count":2,"gpu_model":"NVIDIA GeForce RTX 4090","gpu_architecture":"ada","cpu_cores":16,"ram_gb":64,"disk_gb":500},
         "customer_access":{"isolation":"loose"},"region":"eu-west","country":"de","compliance_zones":["gdpr"],"data_residency":["de"],
         "quality_levels":["fast","quality"],"cost_tier":"standard","labels":["fast"],"runtime_classes":["fast","standard"],
         "attributes":{"cuda":12.4,"tags":["x","y"],"nested":{"deep":3},"vendor":"acme"},
         "requires":{"positive_requirements":{"service":"a"},"negative_requirements":{"labels":["bad"]}}}
        """;

    private static readonly WorkerMatch Worker = new(WorkerCapabilities.Parse(Rich), ["a"], ["a/one"], "w");
    private static readonly WorkerMatch Poor = new(WorkerCapabilities.None, ["a"], null, "poor");

    /// <summary>The clause that fails at the rich worker; null: it can do it.</summary>
    [Theory]
    [InlineData("{}", null, null)]
    [InlineData("""{"component":"C1"}""", null, null)]
    [InlineData("""{"component":"c2"}""", "component", "lacks component c2")]
    [InlineData("""{"workflow":"w1"}""", null, null)]
    [InlineData("""{"workflow":"w2"}""", "workflow", "does not serve workflow w2")]
    [InlineData("""{"models":["m1","m2"]}""", null, null)]
    [InlineData("""{"models":["m1","m3"]}""", "models", "lacks model m3")]
    [InlineData("""{"custom_nodes":["n2"]}""", "custom_nodes", "lacks custom node n2")]
    [InlineData("""{"hardware":{"gpu_memory_gb":24}}""", null, null)]
    [InlineData("""{"hardware":{"gpu_memory_gb":48}}""", "gpu_memory", "has 25.7 GB of the 48 GB of GPU memory needed")]
    [InlineData("""{"envelope":{"gpu_memory_gb":30}}""", "gpu_memory", "has 25.7 GB of the 30 GB of GPU memory needed")]
    [InlineData("""{"hardware":{"gpu_count":3}}""", "gpu_count", "has 2 of the 3 GPUs needed")]
    [InlineData("""{"hardware":{"gpu_model":"rtx 4090"}}""", null, null)]
    [InlineData("""{"hardware":{"gpu_model":"h100"}}""", "gpu_model", "has NVIDIA GeForce RTX 4090, h100 is needed")]
    [InlineData("""{"hardware":{"gpu_architecture":"hopper"}}""", "gpu_architecture", "has architecture ada, hopper is needed")]
    [InlineData("""{"hardware":{"cpu_cores":32}}""", "cpu_cores", "has 16 of the 32 cores needed")]
    [InlineData("""{"hardware":{"ram_gb":64.5}}""", "ram", "has 64 of the 64.5 GB of RAM needed")]
    [InlineData("""{"hardware":{"disk_gb":501}}""", "disk", "has 500 of the 501 GB of disk needed")]
    [InlineData("""{"region":"us-east"}""", "region", "has region eu-west, us-east is needed")]
    [InlineData("""{"country":"fr"}""", "country", "has country de, fr is needed")]
    [InlineData("""{"compliance":["gdpr","hipaa"]}""", "compliance", "lacks compliance zone hipaa")]
    [InlineData("""{"data_residency":"fr"}""", "data_residency", "does not keep data in fr")]
    [InlineData("""{"quality_level":"balanced"}""", "quality_level", "does not offer quality level balanced")]
    [InlineData("""{"cost_tier":"premium"}""", null, null)]
    [InlineData("""{"cost_tier":"economy"}""", "cost_tier", "is of cost tier standard, at most economy is wanted")]
    [InlineData("""{"labels":["heavy"]}""", "labels", "lacks label heavy")]
    [InlineData("""{"runtime_class":"heavy"}""", "runtime_class", "takes no jobs of runtime class heavy")]
    [InlineData("""{"customer_isolation":"loose"}""", null, null)]
    [InlineData("""{"customer_isolation":"strict"}""", "customer_isolation", "serves several customers at a time, strict isolation is needed")]
    [InlineData("""{"positive_requirements":{"cuda":12,"tags":["x","y"],"nested":{"deep":2},"vendor":"ACME","nested.deep":3,"hardware.gpu_count":2}}""", null, null)]
    [InlineData("""{"positive_requirements":{"cuda":13}}""", "positive_requirements", "cuda is 12.4, at least 13 is needed")]
    [InlineData("""{"positive_requirements":{"tags":["x","z"]}}""", "positive_requirements", "tags is [\"x\",\"y\"], all of [\"x\",\"z\"] are needed")]
    [InlineData("""{"positive_requirements":{"unheard":true}}""", "positive_requirements", "unheard is not known, true is needed")]
    [InlineData("""{"negative_requirements":{"tags":["y","z"]}}""", "negative_requirements", "tags is [\"x\",\"y\"], none of [\"y\",\"z\"] is wanted")]
    [InlineData("""{"negative_requirements":{"cuda":13,"vendor":"other","unheard":true}}""", null, null)]
    [InlineData("""{"labels":["fast"],"negative_requirements":{"cuda":12}}""", "negative_requirements", "cuda is 12.4, less than 12 is needed")]
    public void FirstFailure_OfARequirement_NamesTheClauseAndWhatIsNeeded(string requirements, string? clause, string? detail)
    {
        var need = Need("a", requirements);
        var failure = Matcher.FirstFailure(need, Worker);
        Assert.Equal((clause, detail), (failure?.Clause, failure?.Detail));
        Assert.Equal(clause is null, Matcher.Matches(need, Worker));
        // Whatever is asked for at all is lacked by a worker that declares nothing.
        if (clause is not (null or "cost_tier" or "runtime_class" or "quality_level" or "component" or "workflow" or "negative_requirements"))
            Assert.Equal(clause, Matcher.FirstFailure(need, Poor)?.Clause);
    }

    [Fact]
    public void FirstFailure_OfServiceAndOfWhatTheWorkerAsks_IsNamed()
    {
        Assert.Equal("service", Matcher.FirstFailure(Need("b", "{}"), Worker)?.Clause);
        var picky = new WorkerMatch(WorkerCapabilities.Parse("""{"labels":["bad","fast"],"requires":{"positive_requirements":{"size":"1mp"},"negative_requirements":{"labels":["bad"]}}}"""), ["a"]);
        Assert.Equal("asks of jobs: size is not known, \"1mp\" is needed", Matcher.FirstFailure(Need("a", "{}"), picky)?.Detail);
        Assert.Null(Matcher.FirstFailure(JobNeed.Of(new("service=a\nsize=1mp")), picky));
        Assert.Equal("worker_requirements", Matcher.FirstFailure(JobNeed.Of(new("service=a\nneeds={\"labels\":[\"bad\"]}\nsize=1mp")), picky)?.Clause);
    }

    /// <summary>What is easily got wrong between a worker's document and the names that jobs use.</summary>
    [Theory]
    [InlineData("""{"models":{"a":["sdxl"]}}""", """{"negative_requirements":{"models":["sdxl"]}}""", "negative_requirements")]
    [InlineData("""{"models":{"other":["sdxl"]}}""", """{"negative_requirements":{"models":["sdxl"]}}""", null)]
    [InlineData("""{"models":{"a":["sdxl"]}}""", """{"positive_requirements":{"models":["sdxl"]}}""", null)]
    [InlineData("{}", """{"hardware":{"gpu_count":0}}""", null)]
    [InlineData("""{"hardware":{"gpu_memory_mb":8192}}""", """{"hardware":{"gpu_count":1}}""", null)]
    [InlineData("""{"region":"eu","attributes":{"region":"x"}}""", """{"positive_requirements":{"region":"eu"}}""", null)]
    [InlineData("""{"custom_nodes":["all"]}""", """{"negative_requirements":{"custom_nodes":["x"]}}""", "negative_requirements")]
    [InlineData("""{"compliance_zones":["gdpr"]}""", """{"negative_requirements":{"compliance":["gdpr"]}}""", "negative_requirements")]
    [InlineData("""{"customer_access":{"allowed_customers":["acme"]}}""", """{"positive_requirements":{"customer_access.allowed_customers":["acme"]}}""", "positive_requirements")]
    public void FirstFailure_OfFacts_IsByTheNamesThatJobsUse(string capabilities, string requirements, string? clause)
    {
        var failure = Matcher.FirstFailure(Need("a", requirements), new(WorkerCapabilities.Parse(capabilities), ["a"]));
        Assert.Equal(clause, failure?.Clause);
        Assert.DoesNotContain("is [\"acme", failure?.Detail ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("service=a\nnot=instance:a/one", "excluded")]
    [InlineData("service=a\nnot=instance:a/two", null)]
    [InlineData("service=a\nnot=worker:w", null)]
    [InlineData("service=a\nfloor=24000", null)]
    [InlineData("service=a\nfloor=25000", "gpu_memory")]
    public void FirstFailure_OfExclusionsAndFloors(string signature, string? clause)
    {
        var need = JobNeed.Of(new(signature));
        Assert.Equal(clause, Matcher.FirstFailure(need, Worker)?.Clause);
        Assert.Equal(signature.Contains("worker:w", StringComparison.Ordinal), Matcher.ExcludesWorker(need, Worker));
        // Nothing is known of its memory: a floor says nothing.
        Assert.Null(Matcher.FirstFailure(need, Poor));
    }

    [Fact]
    public void A_worker_that_gains_a_capability_loses_no_job_that_asks_only_for_what_is_there() =>
        Gen.Select(Gen.Int[0, 255], Gen.Int[0, 255], Gen.Int[0, 255]).Sample((asked, has, more) =>
        {
            var need = Need("a", RequirementsOf(asked).Text);
            var before = Matcher.Matches(need, new(CapabilitiesOf(has), ["a"]));
            var after = Matcher.Matches(need, new(CapabilitiesOf(has | more), ["a"]));
            Assert.True(!before || after, $"{asked:b8} {has:b8} {more:b8}");
            Assert.Equal(!Matcher.Failures(need, new(CapabilitiesOf(has), ["a"])).Any(), before);
            Assert.Equal((asked & ~has) == 0, before);
        });

    [Fact]
    public void Every_clause_stands_in_the_document()
    {
        var document = File.ReadAllText(DocumentPath("matching.md"));
        Assert.All(Matcher.Names, n => Assert.Contains($"`{n}`", document, StringComparison.Ordinal));
    }

    private static string DocumentPath(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "OrleansJobGrid.sln")))
            folder = folder.Parent;
        return Path.Combine(folder.FullName, "docs", name);
    }

    private static JobRequirements RequirementsOf(int bits) => new()
    {
        Models = Has(bits, 0) || Has(bits, 1) ? [.. Named("m", bits, 0)] : null,
        CustomNodes = Has(bits, 2) ? ["n"] : null,
        Hardware = Has(bits, 3) ? new() { GpuMemoryGb = 20 } : null,
        Labels = Has(bits, 4) || Has(bits, 5) ? [.. Named("l", bits, 4)] : null,
        PositiveRequirements = Has(bits, 6) || Has(bits, 7) ? new Dictionary<string, JsonElement> { ["tags"] = JsonSerializer.SerializeToElement(Named("t", bits, 6)) } : null,
    };

    private static WorkerCapabilities CapabilitiesOf(int bits) => new()
    {
        Models = new Dictionary<string, IReadOnlyList<string>> { ["*"] = [.. Named("m", bits, 0)] },
        CustomNodes = Has(bits, 2) ? ["n"] : [],
        Hardware = Has(bits, 3) ? new() { GpuMemoryMb = 24_000 } : null,
        Labels = [.. Named("l", bits, 4)],
        Attributes = new Dictionary<string, JsonElement> { ["tags"] = JsonSerializer.SerializeToElement(Named("t", bits, 6)) },
    };

    private static bool Has(int bits, int bit) => (bits & (1 << bit)) != 0;

    private static List<string> Named(string prefix, int bits, int from) => [.. Enumerable.Range(0, 2).Where(i => Has(bits, from + i)).Select(i => prefix + i)];

    private static JobNeed Need(string service, string requirements) =>
        JobNeed.Of(new(requirements == "{}" ? "service=" + service : $"service={service}\nneeds={JobRequirements.Parse(requirements).Text}"));
}

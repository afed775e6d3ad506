using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Simulation;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Simulation;

public sealed class SimulatedModelsTests
{
    private static readonly ModelPlace Left = new("w", "GPU-0", []);

    private readonly FakeTimeProvider _time = new();
    private readonly SimulationOptions _options = new();

    private SimulationConnector Connector => field ??= new(_options, _time);

    [Fact]
    public async Task Execute_WithAModel_LoadsItOnceAndKeepsAsManyAsItMay()
    {
        _options.ModelsKept = 2;
        await Run("a");
        await Run("b");
        await Run("a");
        Assert.Equal((["a", "b"], 2L), (Connector.LoadedModels(Left), Connector.ModelLoads(Left)), Same);
        await Run("c");
        Assert.Equal((["c", "a"], 3L), (Connector.LoadedModels(Left), Connector.ModelLoads(Left)), Same);
    }

    [Fact]
    public async Task Execute_WithAModel_KeepsItWhereItRan()
    {
        await Run("a");
        await Run("b", gpu: "GPU-1");
        await Run("c", gpu: null);
        Assert.Equal(["a"], Connector.LoadedModels(Left));
        Assert.Equal(["b"], Connector.LoadedModels(new("w", "GPU-1", [])));
        Assert.Equal(["c"], Connector.LoadedModels(new("w", null, [])));
        Assert.Empty(Connector.LoadedModels(new("other", null, [])));
        Assert.Equal(0, Connector.ModelLoads(new("other", null, [])));
    }

    [Fact]
    public async Task Execute_WithAModel_TakesItsTimeToLoadButNotAgain()
    {
        var first = Run("a", loadMs: 500);
        // The other waits for the one that loads.
        var second = Run("a", loadMs: 500);
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(first.IsCompleted || second.IsCompleted);
        Assert.Empty(Connector.LoadedModels(Left));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Task.WhenAll(first, second);
        Assert.Equal(1, Connector.ModelLoads(Left));
    }

    [Fact]
    public async Task Execute_WithGpuMemory_ReportsItOrRunsOutOfIt()
    {
        _options.GpuMemoryMb = 8_000;
        var fits = new FakeJobContext("""{"gpu_memory_mb": 8000}""");
        Assert.IsType<CompletedResult>(await Connector.ExecuteAsync(fits, TestContext.Current.CancellationToken));
        Assert.Equal(8_000, fits.PeakGpuMemoryMb);

        var failed = Assert.IsType<FailedResult>(
            await Connector.ExecuteAsync(new FakeJobContext("""{"gpu_memory_mb": 8001, "model": "a"}"""), TestContext.Current.CancellationToken));
        Assert.Equal((FailureClass.ResourceExhaustion, "gpu_memory_full"), (failed.Class, failed.Reason));
        var evidence = failed.Evidence;
        Assert.Equal((8_000L, 8_000L, 8_001L, "a"), (evidence.GpuMemoryUsedMb, evidence.GpuMemoryTotalMb, evidence.EstimatedSizeMb, evidence.ModelLoaded));
    }

    [Theory]
    [InlineData("""{"load_ms": 5}""", "payload.load_ms needs payload.model")]
    [InlineData("""{"model": ""}""", "payload.model is a text that is not empty")]
    [InlineData("""{"gpu_memory_mb": -1}""", "payload.gpu_memory_mb is a whole number from 0 to 1000000")]
    public async Task Execute_WithAWrongField_NamesIt(string payload, string message)
    {
        var failed = Assert.IsType<FailedResult>(await Connector.ExecuteAsync(new FakeJobContext(payload), TestContext.Current.CancellationToken));
        Assert.StartsWith(message, failed.Message, StringComparison.Ordinal);
    }

    private async Task Run(string model, int loadMs = 0, string? gpu = "GPU-0")
    {
        var context = new FakeJobContext($$"""{"model": "{{model}}", "load_ms": {{loadMs}}}""") { Worker = "w", Gpu = gpu };
        Assert.IsType<CompletedResult>(await Connector.ExecuteAsync(context, TestContext.Current.CancellationToken));
    }

    private static bool Same((IReadOnlyList<string> Models, long Loads) a, (IReadOnlyList<string> Models, long Loads) b) =>
        a.Models.SequenceEqual(b.Models) && a.Loads == b.Loads;
}

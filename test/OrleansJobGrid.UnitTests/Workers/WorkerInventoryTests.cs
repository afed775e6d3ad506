using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>What a worker claims for is what its services have.</summary>
public sealed class WorkerInventoryTests
{
    private readonly FakeExternalConnector _connector = new("s/a", "s/b");
    private readonly InstanceProofs _proofs;
    private readonly Dictionary<string, InstanceProof> _answers = [];

    public WorkerInventoryTests()
    {
        _proofs = new([_connector], new FakeTimeProvider(), NullLogger.Instance);
        _connector.Proof = instance => Task.FromResult(_answers[instance]);
    }

    [Fact]
    public async Task Models_that_instances_name_are_the_workers_where_its_settings_name_none_for_the_service()
    {
        var (silent, told, starred) = (InventoryOf(null), InventoryOf(Models(("other", "x"))), InventoryOf(Models(("*", "all"))));
        Assert.Null(silent.Now.Value.Models);
        await TellAsync("s/a", "boot", "sdxl", "flux");
        await TellAsync("s/b", "boot", "sdxl");
        Assert.Equal(["outside: flux sdxl"], Show(silent));
        Assert.Equal(["other: x", "outside: flux sdxl"], Show(told));
        Assert.Equal(["*: all"], Show(starred));
        Assert.NotEqual(InventoryOf(null).Now.Key, new DeclaredCapabilities(WorkerCapabilities.None).Key);

        var before = silent.Now;
        await TellAsync("s/b", "boot", "sdxl");
        Assert.Same(before, silent.Now);
        await TellAsync("s/a", "boot");
        Assert.Equal(["outside: sdxl"], Show(silent));
        await TellAsync("s/b", "boot");
        Assert.Null(silent.Now.Value.Models);
    }

    [Fact]
    public async Task What_is_declared_and_every_instance_lacks_is_the_workers_no_more_until_one_has_it()
    {
        var inventory = InventoryOf(Models(("outside", "SDXL"), ("outside", "flux")), "impact", "other");
        await TellAsync("s/a", "boot 1");
        await TellAsync("s/b", "boot 1");
        _proofs.Lacks("s/a", ["sdxl", "Impact"]);
        Assert.Equal(["outside: SDXL flux", "nodes: impact other"], Show(inventory));
        _proofs.Lacks("s/b", ["sdxl", "impact"]);
        Assert.Equal(["outside: flux", "nodes: other"], Show(inventory));
        _proofs.Lacks("s/a", ["flux"]);
        _proofs.Lacks("s/b", ["flux"]);
        Assert.Equal(["nodes: other"], Show(inventory));

        // A download shows in the list; a node is there after a restart.
        await TellAsync("s/a", "boot 1", "flux");
        Assert.Equal(["outside: flux", "nodes: other"], Show(inventory));
        await TellAsync("s/b", "boot 2");
        Assert.Equal(["outside: SDXL flux", "nodes: impact other"], Show(inventory));
    }

    [Fact]
    public async Task What_is_declared_as_all_stays_so_and_names_have_an_end()
    {
        var inventory = InventoryOf(Models(("outside", "all")));
        await TellAsync("s/a", null, "sdxl");
        for (var i = 0; i < 3; i++)
            _proofs.Lacks("s/a", [.. Enumerable.Range(0, 400).Select(n => $"{i}/{n}")]);
        _proofs.Lacks("unknown", ["x"]);
        Assert.Equal(1_000, _proofs.LackedBy("s/a").Count());
        Assert.Equal(["outside: all"], Show(inventory));
    }

    private static string[] Show(WorkerInventory inventory) =>
    [
        .. (inventory.Now.Value.Models ?? new Dictionary<string, IReadOnlyList<string>>()).Select(m => $"{m.Key}: {string.Join(' ', m.Value)}"),
        .. inventory.Now.Value.CustomNodes is { } nodes ? [$"nodes: {string.Join(' ', nodes)}"] : (string[])[],
    ];

    private static Dictionary<string, IReadOnlyList<string>> Models(params (string Service, string Model)[] models) =>
        models.GroupBy(m => m.Service).ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g.Select(m => m.Model)]);

    private WorkerInventory InventoryOf(Dictionary<string, IReadOnlyList<string>>? models, params string[] nodes) =>
        new(new(new() { Models = models, CustomNodes = nodes.Length == 0 ? null : nodes }), [_connector], _proofs);

    private Task TellAsync(string instance, string? boot, params string[] models)
    {
        _answers[instance] = new(ServiceCapabilities.ModelList, Proved: true) { BootMark = boot, Models = models };
        return _proofs.Prove(instance, _connector, CancellationToken.None);
    }
}

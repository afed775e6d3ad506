using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.TestKit.Calls;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Sagas;

/// <summary>Sagas on a cluster: what they begin, what they undo, and what becomes of them when silos die.</summary>
public sealed class SagaTests : IAsyncLifetime
{
    private CallTarget _target = null!;

    public async ValueTask InitializeAsync() => _target = await CallTarget.StartAsync();

    public ValueTask DisposeAsync() => _target.DisposeAsync();

    [Fact]
    public async Task Steps_are_done_in_their_order_with_the_outputs_of_those_before()
    {
        await using var grid = await StartAsync();
        await grid.StartWorkerAsync("worker", 2, Echo());
        var answer = await BeginAsync(grid, "order", """
            name: order
            steps:
              each:
                for_each: "{{input.numbers}}"
                concurrency: 2
                job: { service_required: test, payload: { number: "{{item}}", at: "{{index}}" } }
              wait: { needs: each, delay: 10ms }
              tell:
                needs: wait
                http: { url: "URL/tell/{{steps.each.output[1].result.number}}", body: { all: "{{steps.each.output[*].result.number}}" } }
              never: { if: "{{input.never|false}}", http: { url: "URL/never" } }
              last: { needs: [tell, never], http: { url: "URL/last/{{steps.tell.output.body.path}}" } }
            output: { told: "{{steps.tell.output.body.path}}", numbers: "{{steps.each.output[*].result.number}}" }
            """, """{"numbers": [7, 8, 9]}""");
        Assert.Equal(SagaOutcome.Accepted, answer.Outcome);
        var saga = await OverAsync(grid, "order");
        Assert.Equal("completed", saga["status"]!.GetValue<string>());
        Assert.Equal("""{"told":"/tell/8","numbers":[7,8,9]}""", saga["output"]!.ToJsonString());
        Assert.Equal(["/tell/8", "/last/%2Ftell%2F8"], _target.Effects);
        Assert.Equal(["completed", "completed", "completed", "skipped", "completed"], saga["steps"]!.AsArray().Select(s => s!["status"]!.GetValue<string>()));
        // The same submission again is the same saga; another one under its id is refused.
        Assert.Equal(SagaOutcome.Replayed, (await grid.Saga("order").Begin(new() { BodyHash = "order" })).Outcome);
        Assert.Equal(SagaOutcome.Refused, (await grid.Saga("order").Begin(new() { BodyHash = "other" })).Outcome);
        await grid.Store.AssertNoFaultAsync();
    }

    [Fact]
    public async Task A_failure_is_undone_in_reverse_order_and_only_what_was_started()
    {
        await using var grid = await StartAsync();
        await grid.StartWorkerAsync("worker", 2, Echo());
        _target.Answer = path => Task.FromResult(path == "/c" ? 422 : 200);
        await BeginAsync(grid, "undo", """
            name: undo
            steps:
              a: { http: { url: URL/a }, compensate: { http: { url: URL/undo-a } } }
              b: { needs: a, job: { service_required: test, payload: { number: 1 } }, compensate: { job: { service_required: test, payload: { undone: "{{steps.b.output.job_id}}" } } } }
              c: { needs: b, http: { url: URL/c }, retry: { attempts: 3 }, compensate: { http: { url: URL/undo-c } } }
              d: { needs: c, http: { url: URL/d }, compensate: { http: { url: URL/undo-d } } }
            """);
        var saga = await OverAsync(grid, "undo");
        Assert.Equal("compensated", saga["status"]!.GetValue<string>());
        Assert.Contains("422", saga["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(["/a", "/undo-c", "/undo-a"], _target.Effects);
        // What the receiver says is wrong is not tried again.
        Assert.Single(_target.Calls, c => c == "/c");
        var events = (await grid.Client.GetGrain<ISagaCatalogGrain>(0).Events("undo", 1))!;
        Assert.Equal(["c", "b", "a"], events.Where(e => e.Type == "undone").Select(e => e.Step));
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Sequence));
        Assert.NotNull(await grid.Store.ReadAsync("undo:b.0.undo-1"));
        await grid.Store.AssertNoFaultAsync();
    }

    [Fact]
    public async Task An_undoing_that_fails_waits_for_an_operator_and_is_never_dropped()
    {
        await using var grid = await StartAsync();
        var broken = true;
        _target.Answer = path => Task.FromResult(path == "/b" || (Volatile.Read(ref broken) && path == "/undo-a") ? 500 : 200);
        await BeginAsync(grid, "parked", """
            name: parked
            steps:
              a: { http: { url: URL/a }, compensate: { http: { url: URL/undo-a }, retry: { attempts: 2, base_delay: 10ms } } }
              b: { needs: a, http: { url: URL/b } }
            """);
        await UntilAsync(grid, "parked", s => s["status"]!.GetValue<string>() == "parked");
        Assert.Equal(2, _target.Calls.Count(c => c == "/undo-a"));
        Assert.Contains("1 sagas wait for an operator: 'jobgrid sagas --status parked' shows why.", (await grid.Client.GetGrain<IGridOperationsGrain>(0).Health()).Reasons);
        Assert.Equal(SagaOutcome.Refused, (await grid.Saga("parked").Retry("b", "why not")).Outcome);
        Volatile.Write(ref broken, false);
        Assert.Equal(SagaOutcome.Accepted, (await grid.Saga("parked").Retry(null, "it is mended")).Outcome);
        Assert.Equal("compensated", (await OverAsync(grid, "parked"))["status"]!.GetValue<string>());
        Assert.Equal(["/a", "/undo-a"], _target.Effects);
    }

    [Fact]
    public async Task A_failed_step_alone_is_done_again_where_the_saga_holds()
    {
        await using var grid = await StartAsync();
        var broken = true;
        _target.Answer = path => Task.FromResult(Volatile.Read(ref broken) && path == "/b" ? 500 : 200);
        await BeginAsync(grid, "hold", """
            name: hold
            on_failure: hold
            steps:
              a: { http: { url: URL/a }, compensate: { http: { url: URL/undo-a } } }
              b: { needs: a, http: { url: URL/b } }
              c: { needs: b, http: { url: URL/c } }
            """);
        await UntilAsync(grid, "hold", s => s["status"]!.GetValue<string>() == "parked");
        Volatile.Write(ref broken, false);
        Assert.Equal(SagaOutcome.Accepted, (await grid.Saga("hold").Retry("b", "it is mended")).Outcome);
        Assert.Equal("completed", (await OverAsync(grid, "hold"))["status"]!.GetValue<string>());
        Assert.Equal(["/a", "/b", "/c"], _target.Effects);
        Assert.Single(_target.Calls, c => c == "/a");
    }

    [Fact]
    public async Task Signals_children_pause_and_cancel()
    {
        await using var grid = await StartAsync();
        await grid.StartWorkerAsync("worker", 2, Echo());
        var catalog = grid.Client.GetGrain<ISagaCatalogGrain>(0);
        var child = """{"name":"child","steps":{"say":{"http":{"url":"URL/child/{{input.who}}"},"compensate":{"http":{"url":"URL/undo-child"}}}},"output":"{{steps.say.output.body.path}}"}""".Replace("URL", _target.Url, StringComparison.Ordinal);
        Assert.Equal(1, (await catalog.Register(child)).Version);
        Assert.Equal(1, (await catalog.Register(child)).Version);
        Assert.Equal(2, (await catalog.Register(child.Replace("/child/", "/child-2/", StringComparison.Ordinal))).Version);
        await BeginAsync(grid, "family", """
            name: family
            steps:
              approve: { signal: approved, timeout: 1h }
              old: { needs: approve, saga: { name: child, version: 1, input: { who: "{{steps.approve.output.by}}" } } }
              new: { needs: old, saga: { name: child, input: { who: x } } }
              ever: { needs: new, signal: never }
            """);
        Assert.Equal(SagaOutcome.Accepted, (await grid.Saga("family").Pause("a rest")).Outcome);
        Assert.Equal(SagaOutcome.Accepted, (await grid.Saga("family").Signal("approved", """{"by": "ann"}"""u8.ToArray())).Outcome);
        Assert.Empty(_target.Calls);
        Assert.Equal(SagaOutcome.Accepted, (await grid.Saga("family").Resume("on")).Outcome);
        await UntilAsync(grid, "family", s => s["steps"]![3]!["status"]!.GetValue<string>() == "running");
        Assert.Equal(["/child/ann", "/child-2/x"], _target.Effects);
        Assert.Equal(SagaOutcome.Accepted, (await grid.Saga("family").Cancel(compensate: true, "enough")).Outcome);
        // What children did is theirs to undo while they run; what they completed is the parent's, which declares nothing.
        Assert.Equal("cancelled", (await OverAsync(grid, "family"))["status"]!.GetValue<string>());
        Assert.Equal(SagaOutcome.Refused, (await grid.Saga("family").Signal("never", null)).Outcome);
        Assert.Contains("is a step of saga 'family'", (await grid.Saga("family:old.0.1").Retry(null, "why not")).Message, StringComparison.Ordinal);
        Assert.Equal(SagaOutcome.NotFound, (await grid.Saga("nobody").Cancel(true, "x")).Outcome);
        Assert.Equal(SagaOutcome.NotFound, (await grid.Saga("lost").Begin(new() { Name = "unknown", BodyHash = "x" })).Outcome);
        var page = await catalog.List(null, null, null, 2);
        Assert.Equal(2, page.Sagas.Count);
        Assert.Equal("family", Assert.Single((await catalog.List("cancelled", null, null, 50)).Sagas).Id);
        Assert.Single((await catalog.List(null, null, page.NextCursor, 50)).Sagas);
        await grid.Store.AssertNoFaultAsync();
    }

    [Fact]
    public async Task A_saga_whose_silo_dies_goes_on_on_another_and_no_effect_comes_twice()
    {
        await using var grid = await StartAsync(silos: 3);
        // The worker lives in another silo than the one that dies, as a worker's process does.
        await grid.StartWorkerAsync("worker", grid.Silos.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>(), 4, Echo());
        var ids = Enumerable.Range(0, 12).Select(i => $"saga-{i}").ToList();
        var (calls, gate) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _target.Answer = async _ =>
        {
            if (Interlocked.Increment(ref calls) >= 12)
                gate.TrySetResult();
            await gate.Task;
            return 200;
        };
        foreach (var id in ids)
        {
            await BeginAsync(grid, id, """
                name: long
                steps:
                  a: { job: { service_required: test, payload: { number: 1 } } }
                  b: { needs: a, http: { url: "URL/b/{{saga.id}}" } }
                  c: { needs: b, job: { service_required: test, payload: { number: 2 } } }
                  d: { needs: c, http: { url: "URL/d/{{saga.id}}" } }
                """);
        }

        await gate.Task.Within("all have their first call under way");
        await grid.Silos.KillSiloAsync(grid.Silos.Silos[1]);
        foreach (var id in ids)
            Assert.Equal("completed", (await OverAsync(grid, id, TimeSpan.FromSeconds(90)))["status"]!.GetValue<string>());
        Assert.Equal(ids.SelectMany(i => (string[])[$"/b/{i}", $"/d/{i}"]).Order(), _target.Effects.Order());
        Assert.Equal(24, await grid.CompletedAsync());
        await grid.Store.AssertNoFaultAsync();
    }

    private static TestConnector Echo() => new(script: e => Task.FromResult(ConnectorResult.Completed(JsonNode.Parse(e.Context.Payload.GetRawText()))));

    private Task<GridCluster> StartAsync(short silos = 1) => GridCluster.StartAsync(silos, options: o => o.Sagas.Allow.Add(_target.Url));

    private async Task<SagaAnswer> BeginAsync(GridCluster grid, string id, string yaml, string? input = null)
    {
        var definition = OrleansJobGrid.Sagas.Definitions.SagaReader.Read(yaml.Replace("URL", _target.Url, StringComparison.Ordinal), out var faults);
        Assert.Empty(faults);
        return await grid.Saga(id).Begin(new() { Definition = definition!.Json, Input = input is null ? null : Encoding.UTF8.GetBytes(input), BodyHash = id });
    }

    private static Task<JsonNode> OverAsync(GridCluster grid, string id, TimeSpan? within = null) => UntilAsync(grid, id, s => s["finished_at"] is not null, within);

    private static async Task<JsonNode> UntilAsync(GridCluster grid, string id, Func<JsonNode, bool> holds, TimeSpan? within = null)
    {
        JsonNode? saga = null;
        await Eventually.EventuallyAsync(
            $"saga {id} is as expected",
            async () =>
            {
                saga = await grid.Saga(id).Watch(-1, TimeSpan.Zero) is { } view ? JsonNode.Parse(view.Document) : null;
                return saga is not null && holds(saga);
            },
            () => Task.FromResult(saga?.ToJsonString() + grid.Log.Tail()),
            within);
        return saga!;
    }
}

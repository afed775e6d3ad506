using System.Text;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.Sagas.Definitions;
using OrleansJobGrid.TestKit.Calls;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Survival;

/// <summary>The sample saga, its process killed at every boundary of its steps.</summary>
public sealed class SagaSurvivalTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_every_step_boundary_it_is_finished_and_each_effect_came_once()
    {
        await using var target = await CallTarget.StartAsync();
        var folder = Directory.CreateTempSubdirectory("jobgrid-saga-").FullName;
        var grid = await UpAsync(folder, target);
        var kills = 0;
        try
        {
            var id = (await grid.Client.SubmitSagaAsync(await SampleAsync(grid, target, fails: false), cancellationToken: Cancellation)).SagaId;
            // At the beginning and at the end of each step, which for a step is the beginning of what needs it.
            foreach (var (step, status) in (string[])["resize", "sheet", "preview", "publish"] is var steps ? steps.SelectMany(s => ((string, string)[])[(s, "running"), (s, "completed")]) : [])
            {
                await Eventually.GetAsync($"step {step} is {status} or beyond", Limit, async () =>
                {
                    var saga = await grid.Client.GetSagaAsync(id, Cancellation);
                    var now = saga.Steps.First(s => s.Name == step).Status;
                    return ((object?)(now == status || now == "completed" ? saga : null), now);
                });
                await grid.KillAsync();
                await grid.DisposeAsync();
                kills++;
                grid = await UpAsync(folder, target);
            }

            var ended = await OverAsync(grid, id);
            Assert.Equal(SagaStatus.Completed, ended.Status);
            Assert.Equal(8, kills);
            Assert.Equal(["/publish"], target.Effects);
            foreach (var unit in ended.Steps.Where(s => s.Kind == "job").SelectMany(s => s.Units))
            {
                Assert.Equal(1, unit.Tries);
                Assert.Single(await grid.Client.GetEventsAsync(unit.WorkId!, Cancellation), e => e.Type == "completed");
            }

            Assert.Equal(8, (await grid.Client.ListJobsAsync(cancellationToken: Cancellation)).Jobs.Count);
        }
        finally
        {
            await grid.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Killed_while_it_is_undone_it_undoes_the_rest_in_reverse_order()
    {
        await using var target = await CallTarget.StartAsync();
        var folder = Directory.CreateTempSubdirectory("jobgrid-saga-").FullName;
        var grid = await UpAsync(folder, target);
        try
        {
            target.Answer = path => Task.FromResult(path == "/publish" ? 422 : 200);
            var id = (await grid.Client.SubmitSagaAsync(await SampleAsync(grid, target, fails: true), cancellationToken: Cancellation)).SagaId;
            for (var undone = 0; undone < 8; undone += 2)
            {
                await Eventually.GetAsync($"{undone} steps are undone", Limit, async () =>
                {
                    var saga = await grid.Client.GetSagaAsync(id, Cancellation);
                    return ((object?)(saga.Status is SagaStatus.Compensating or SagaStatus.Compensated && target.Effects.Count >= undone ? saga : null), saga.Status);
                });
                await grid.KillAsync();
                await grid.DisposeAsync();
                grid = await UpAsync(folder, target);
            }

            var ended = await OverAsync(grid, id);
            Assert.Equal(SagaStatus.Compensated, ended.Status);
            Assert.Equal(["/undo/preview/0", "/undo/sheet/0", .. Enumerable.Range(0, 6).Reverse().Select(i => $"/undo/resize/{i}")], target.Effects);
        }
        finally
        {
            await grid.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The README's sample with its photographs uploaded, and calls that go to the target.</summary>
    private static async Task<byte[]> SampleAsync(GridProcess grid, CallTarget target, bool fails)
    {
        var path = Repository.File("docs/samples/contact-sheet-saga.yaml");
        var request = SagaReader.ReadRequest(await File.ReadAllTextAsync(path, Cancellation), out var faults, files: true);
        Assert.Empty(faults);
        var photos = new JsonArray();
        foreach (var photo in request!.Files["photos"])
            photos.Add((JsonNode?)(await grid.Client.UploadAsync(Path.Combine(Path.GetDirectoryName(path)!, photo.Path), Cancellation)).Artefact);
        var input = (JsonObject)request.Input!.DeepClone();
        input["photos"] = photos;
        var definition = JsonNode.Parse(request.Definition!.Json)!;
        definition["steps"]!["publish"]!["http"]!["url"] = $"{target.Url}/publish";
        foreach (var (name, step) in fails ? (JsonObject)definition["steps"]! : [])
        {
            if (step!["compensate"]?["http"] is JsonObject undo)
                (undo["method"], undo["url"]) = ("POST", $"{target.Url}/undo/{name}/{(name == "resize" ? "{{index}}" : "0")}");
        }

        definition.AsObject().Remove("output");
        return Encoding.UTF8.GetBytes(new JsonObject { ["definition"] = definition, ["input"] = input }.ToJsonString());
    }

    private static Task<GridProcess> UpAsync(string folder, CallTarget target)
    {
        var config = Path.Combine(folder, "grid.json");
        File.WriteAllText(config, new JsonObject { ["JobGrid"] = new JsonObject { ["Sagas"] = new JsonObject { ["Allow"] = new JsonArray(target.Url) } } }.ToJsonString());
        return GridProcess.UpAsync(new(Path.Combine(folder, "data")) { Config = config });
    }

    private static async Task<Saga> OverAsync(GridProcess grid, string id) => (Saga)await Eventually.GetAsync("the saga is over", TimeSpan.FromSeconds(90), async () =>
    {
        var saga = await grid.Client.GetSagaAsync(id, Cancellation);
        return ((object?)(SagaStatus.IsOver(saga.Status) ? saga : null), System.Text.Json.JsonSerializer.Serialize(saga, JobGridJson.Default.Saga));
    });
}

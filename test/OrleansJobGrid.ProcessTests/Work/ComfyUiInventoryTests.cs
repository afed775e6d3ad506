using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestService.ComfyUi;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Work;

/// <summary>A worker has the models that its ComfyUI has, without a setting, and learns of new ones.</summary>
public sealed class ComfyUiInventoryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_wait_for_the_model_that_they_need_and_start_when_the_server_has_it()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-comfyui-").FullName;
        await using var server = await ComfyServer.StartAsync(ComfyEdition.V027, Path.Combine(folder, "comfyui"));
        server.Knobs.Checkpoints = ["sdxl.safetensors"];
        var config = Path.Combine(folder, "grid.json");
        await File.WriteAllTextAsync(
            config,
            new JsonObject { ["JobGrid"] = new JsonObject { ["ComfyUi"] = new JsonObject { ["Instances"] = new JsonObject { ["a"] = server.Url.ToString() } } } }.ToJsonString(),
            Cancellation);
        await using (var grid = await GridProcess.UpAsync(new(Path.Combine(folder, "data")) { Config = config }))
        {
            await SubmitAsync(grid, "has", "sdxl.safetensors", null);
            await SubmitAsync(grid, "waits", "flux.safetensors", null);
            await UntilAsync(grid, "has", "completed");
            Assert.Equal("pending", (await JobAsync(grid, "waits"))["status"]!.GetValue<string>());
            // The workers are read once a second, and may have been read before this one was registered.
            await Eventually.GetAsync("the reason names the model", TimeSpan.FromSeconds(20), async () =>
            {
                var reason = (await JobAsync(grid, "waits"))["unworkable_reason"]?.GetValue<string>();
                return ((object?)(reason?.Contains("flux.safetensors", StringComparison.Ordinal) == true ? reason : null), reason ?? "none");
            });

            // Somebody downloads it; the server is asked anew as soon as a job fails for what it lacks.
            server.Knobs.Checkpoints = ["sdxl.safetensors", "flux.safetensors"];
            await SubmitAsync(grid, "lacks", null, "gone.safetensors");
            await UntilAsync(grid, "waits", "completed");
            await Eventually.GetAsync("the list of models has both", TimeSpan.FromSeconds(20), async () =>
            {
                var models = JsonNode.Parse(await grid.Http.GetStringAsync("api/models", Cancellation))!["models"]!.AsArray().Select(m => m!["name"]!.GetValue<string>()).ToHashSet();
                return ((object?)(models.SetEquals(["flux.safetensors", "sdxl.safetensors"]) ? models : null), string.Join(", ", models));
            });
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task SubmitAsync(GridProcess grid, string id, string? requires, string? loads)
    {
        var job = JsonNode.Parse(await File.ReadAllTextAsync(Repository.File("docs/samples/comfyui-model-free.json"), Cancellation))!["jobs"]![0]!.DeepClone();
        job["id"] = id;
        if (requires is not null)
            job["requirements"] = new JsonObject { ["models"] = new JsonArray(requires) };
        if (loads is not null)
        {
            job["payload"]!["workflow"]!["98"] = JsonNode.Parse($$$"""{"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "{{{loads}}}"}}""");
            job["payload"]!["workflow"]!["99"] = JsonNode.Parse("""{"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["98", 0]}}""");
        }

        using var answer = await grid.Http.PostAsJsonAsync("api/jobs", job, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private static async Task<JsonNode> JobAsync(GridProcess grid, string id) => JsonNode.Parse(await grid.Http.GetStringAsync($"api/jobs/{id}", Cancellation))!["job"]!;

    private static Task UntilAsync(GridProcess grid, string id, string status) =>
        Eventually.GetAsync($"{id} is {status}", TimeSpan.FromSeconds(40), async () =>
        {
            var job = await JobAsync(grid, id);
            return ((object?)(job["status"]!.GetValue<string>() == status ? job : null), job.ToJsonString());
        });
}

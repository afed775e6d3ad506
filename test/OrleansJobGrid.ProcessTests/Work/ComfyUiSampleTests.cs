using System.Text.Json.Nodes;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestService.ComfyUi;
using SkiaSharp;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Work;

/// <summary>The sample workflow that needs no model, on servers of all versions.</summary>
public sealed class ComfyUiSampleTests
{
    [Fact]
    public async Task Sample_brings_its_picture_back_from_any_version()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-comfyui-").FullName;
        foreach (var edition in (ComfyEdition[])[ComfyEdition.Old, ComfyEdition.V027])
        {
            await using var server = await ComfyServer.StartAsync(edition, Path.Combine(folder, edition.Name, "comfyui"));
            var config = Path.Combine(folder, $"{edition.Name}.json");
            await File.WriteAllTextAsync(
                config,
                new JsonObject { ["JobGrid"] = new JsonObject { ["ComfyUi"] = new JsonObject { ["Instances"] = new JsonObject { ["a"] = server.Url.ToString() } } } }.ToJsonString(),
                TestContext.Current.CancellationToken);
            await using var grid = await GridProcess.UpAsync(new(Path.Combine(folder, edition.Name, "data")) { Config = config });
            var (exitCode, output, error) = await GridProcess.RunAsync(
                Path.Combine(folder, edition.Name), "run", Repository.File("docs/samples/comfyui-model-free.json"), "--url", grid.Http.BaseAddress!.ToString());

            Assert.True(exitCode == 0, output + error);
            using var picture = SKBitmap.Decode(Directory.GetFiles(Path.Combine(folder, edition.Name, "out"), "model-free_00001_.png", SearchOption.AllDirectories).Single());
            Assert.Equal((768, 512, new SKColor(0x00, 0x7f, 0xff)), (picture.Width, picture.Height, picture.GetPixel(0, 0)));
        }

        Directory.Delete(folder, recursive: true);
    }
}

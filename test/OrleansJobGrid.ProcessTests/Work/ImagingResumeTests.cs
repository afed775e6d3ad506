using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Work;

public sealed class ImagingResumeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Imaging_job_killed_at_30_percent_resumes_and_gives_the_same_bytes()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-imaging-").FullName;
        var data = new GridArguments(Path.Combine(folder, "data")) { Slots = 1 };
        string id;
        string artefact;
        await using (var grid = await GridProcess.UpAsync(data))
        {
            var photo = await grid.Client.UploadAsync(Repository.File("docs/samples/photos/01-dawn.jpg"));
            artefact = photo.Artefact;
            id = (await grid.Client.SubmitAsync(Enlarge(artefact))).JobId;
            await Eventually.GetAsync("30 % of the picture", Limit, async () =>
            {
                var job = await grid.Client.GetJobAsync(id);
                return (job.Progress >= 30 ? job : null, $"{job.Status}, {job.Progress} %");
            });
            await grid.KillAsync();
        }

        // The scratch pieces show how far the work was.
        var rowsAtKill = PiecesOf(data.DataFolder);
        await using var again = await GridProcess.UpAsync(data);
        var resumed = await CompletedAsync(again, id);
        var whole = await CompletedAsync(again, (await again.Client.SubmitAsync(Enlarge(artefact))).JobId);

        var total = resumed.Result!.Value.GetProperty("tile_rows").GetInt32();
        var skipped = resumed.Result.Value.GetProperty("resumed_tile_rows").GetInt32();
        Assert.Equal(2, resumed.Epoch);
        Assert.Equal(whole.Outputs![0].Sha256, resumed.Outputs![0].Sha256);
        Assert.True(skipped > 0, "nothing was resumed");
        // Each row that was kept at the kill is used, so what both runs computed exceeds the total by the one row in flight at most.
        var computed = rowsAtKill + (total - skipped);
        TestContext.Current.SendDiagnosticMessage($"tile rows: {total} in all, {rowsAtKill} kept at the kill, {skipped} resumed, {computed} kept by both runs");
        Assert.Equal(rowsAtKill, skipped);
        Assert.Equal(total, resumed.Result.Value.GetProperty("computed_tile_rows").GetInt32());
    }

    private static int PiecesOf(string dataFolder)
    {
        var scratch = Path.Combine(dataFolder, "artefacts", "scratch");
        return Directory.Exists(scratch) ? Directory.GetFiles(scratch, "*", SearchOption.AllDirectories).Length : 0;
    }

    private static JobSubmission Enlarge(string artefact) => new()
    {
        ServiceRequired = "imaging",
        Payload = new JsonObject
        {
            ["operation"] = "resize",
            ["inputs"] = new JsonArray(artefact),
            ["width"] = 6000,
            ["height"] = 4000,
            ["output"] = "large.jpg",
        },
    };

    private static async Task<Job> CompletedAsync(GridProcess grid, string id) =>
        await Eventually.GetAsync($"job {id} completes", Limit, async () =>
        {
            var job = await grid.Client.GetJobAsync(id);
            return (job.Status == "completed" ? job : null, $"{job.Status}, {job.Progress} %\n{grid.Log}");
        });
}

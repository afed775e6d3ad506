using System.Text;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;
using static OrleansJobGrid.ClusterTests.Fixture.Eventually;

namespace OrleansJobGrid.ClusterTests.Jobs;

/// <summary>How long the files of jobs live.</summary>
public sealed class ArtefactLifeTests
{
    [Fact]
    public async Task Outputs_and_pieces_go_with_their_jobs_record_and_uploads_stay()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.Keep.Completed = TimeSpan.FromSeconds(1));
        var upload = await UploadAsync(grid);
        var connector = new TestConnector(script: async e =>
        {
            var output = await e.Context.Files.WriteOutputAsync("out", new MemoryStream("o"u8.ToArray()), CancellationToken.None);
            return ConnectorResult.Completed(null, [output]);
        });
        // What an attempt of another process left, or an outside service's answer that came late.
        await grid.Store.Artefacts.WriteOnceAsync("scratch/one/7/piece", new MemoryStream("p"u8.ToArray()), CancellationToken.None);
        await grid.SubmitAsync(Submissions.Job("one", $$"""{"input":"{{upload}}"}"""));
        await grid.StartWorkerAsync("w", connector);
        await EventuallyAsync("the record and its files are gone", async () =>
            connector.Executions.Count == 1 && await grid.Store.ReadAsync("one") is null && (await KeysAsync(grid)).All(k => k.StartsWith("uploads/", StringComparison.Ordinal)));
        Assert.Single(await KeysAsync(grid));
    }

    [Fact]
    public async Task A_submission_marks_the_uploads_that_it_names()
    {
        await using var grid = await GridCluster.StartAsync();
        var (named, other) = (await UploadAsync(grid, "named"), await UploadAsync(grid, "other"));
        foreach (var file in Directory.GetFiles(Path.Combine(grid.Store.Artefacts.Location, "uploads"), "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-40));
        await grid.SubmitAsync(Submissions.Job("one", $$"""{"inputs":["{{named}}"]}"""));
        var all = await AllAsync(grid);
        var now = TimeProvider.System.GetUtcNow();
        Assert.True(now - all.Single(a => a.Owner == named).LastUsed < TimeSpan.FromDays(1));
        Assert.True(now - all.Single(a => a.Owner == other).LastUsed > TimeSpan.FromDays(39));
    }

    private static async Task<string> UploadAsync(GridCluster grid, string text = "in") =>
        (await grid.Store.Artefacts.UploadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), 100, CancellationToken.None)).Artefact;

    private static async Task<List<string>> KeysAsync(GridCluster grid) => [.. (await AllAsync(grid)).Select(a => a.Key)];

    private static async Task<List<StoredArtefact>> AllAsync(GridCluster grid)
    {
        var all = new List<StoredArtefact>();
        await foreach (var stored in grid.Store.Artefacts.ListAllAsync(CancellationToken.None))
            all.Add(stored);
        return all;
    }
}

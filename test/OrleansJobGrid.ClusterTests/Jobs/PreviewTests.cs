using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Jobs;

/// <summary>Unfinished pictures go from the connector to whoever watches, and are kept nowhere.</summary>
public sealed class PreviewTests
{
    [Fact]
    public async Task They_reach_those_who_watch_them_and_go_with_the_attempt()
    {
        await using var grid = await GridCluster.StartAsync(silos: 2);
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job"));
        var first = await connector.NextAsync("the first attempt runs");
        Assert.False(first.Context.PreviewsWanted);

        var watching = UntilShownAsync(grid, 0);
        await Eventually.EventuallyAsync("the connector hears that they are wanted", () =>
        {
            first.Context.ReportProgress(10);
            return Task.FromResult(first.Context.PreviewsWanted);
        });
        // Larger than is shown, so it is not.
        first.Context.ReportPreview(new byte[(1 << 20) + 1], "image/png");
        first.Context.ReportPreview(new byte[] { 1, 2, 3 }, "image/jpeg");
        var seen = await watching.Within("it is shown");
        Assert.Equal([1, 2, 3], seen.Preview!.Content.ToArray());
        Assert.Equal("image/jpeg", seen.Preview.ContentType);

        // Seen once, and not wanted by others.
        Assert.Null((await grid.Job("job").Watch(0, 0, TimeSpan.Zero, seen.PreviewNumber))!.Preview);
        Assert.Null((await grid.Job("job").Watch(0, 0, TimeSpan.Zero))!.Preview);

        first.Complete();
        await Eventually.EventuallyAsync("the job is completed", async () => (await grid.Job("job").Watch(0, 0, TimeSpan.Zero, 0))!.Status == JobStatus.Completed);
        Assert.Null((await grid.Job("job").Watch(0, 0, TimeSpan.Zero, 0))!.Preview);
        await grid.Store.AssertNoFaultAsync();
    }

    private static async Task<JobView> UntilShownAsync(GridCluster grid, long seen)
    {
        JobView? view = null;
        while (view?.Preview is null)
            view = await grid.Job("job").Watch(view?.Version ?? 0, view?.ProgressNumber ?? 0, TimeSpan.FromSeconds(10), seen);
        return view;
    }
}

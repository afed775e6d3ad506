using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Safety;

/// <summary>A grant may start from what this silo remembers of a submission; the store decides all the same.</summary>
public sealed class RecentSubmissionTests
{
    [Fact]
    public async Task A_job_that_moved_after_its_submission_is_not_granted_from_memory()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync(Submissions.Jobs("job", 1));
        var remembered = grid.SiloService<RecentSubmissions>().Take("job-0");
        Assert.NotNull(remembered);
        Assert.True((await grid.Job("job-0").Cancel("a test")).Accepted);
        grid.SiloService<RecentSubmissions>().Add("job-0", remembered.Value.Record, remembered.Value.OperationId);

        var answer = await grid.Job("job-0").TryStart(new("worker", "session"));

        Assert.Null(answer.Grant);
        Assert.Equal(JobStatus.Cancelled, (await grid.Store.ReadAsync("job-0"))!.Status);
        Assert.Null(grid.SiloService<RecentSubmissions>().Take("job-0"));
    }
}

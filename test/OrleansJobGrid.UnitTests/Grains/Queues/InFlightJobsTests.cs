using OrleansJobGrid.Grains.Queues;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

public sealed class InFlightJobsTests
{
    [Fact]
    public void A_job_is_taken_out_once_by_the_word_about_its_grant()
    {
        var jobs = new InFlightJobs();
        jobs.Add("a", new(3, "x", 1.5, 10));
        Assert.Null(jobs.Take("a", 2));
        Assert.Equal(new(3, "x", 1.5, 10), jobs.Take("a", 3));
        Assert.Null(jobs.Take("a", 3));
        Assert.Equal(0, jobs.Count);
    }

    [Fact]
    public void A_later_epoch_takes_it_out_too_since_an_adoption_raises_it_without_the_queue()
    {
        var jobs = new InFlightJobs();
        jobs.Add("a", new(3, "x", 1, 10));
        Assert.NotNull(jobs.Take("a", 5));
    }

    [Fact]
    public void A_new_grant_takes_the_place_of_the_old_one()
    {
        var jobs = new InFlightJobs();
        jobs.Add("a", new(3, "x", 1, 10));
        jobs.Add("a", new(4, "x", 2, 20));
        Assert.Null(jobs.Take("a", 3));
        Assert.Equal((1, 2.0), (jobs.Count, jobs.Take("a", 4)!.Charge));
    }

    [Fact]
    public void The_oldest_come_first_up_to_a_most()
    {
        var jobs = new InFlightJobs();
        foreach (var (id, at) in new[] { ("late", 50L), ("second", 20L), ("first", 10L), ("third", 30L), ("at the moment", 40L) })
            jobs.Add(id, new(1, "", 1, at));
        Assert.Equal(["first", "second"], jobs.GrantedBefore(40, 2).Select(j => j.Key));
        Assert.Equal(["first", "second", "third"], jobs.GrantedBefore(40, 10).Select(j => j.Key));
    }
}

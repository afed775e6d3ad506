using OrleansJobGrid.Benchmarks.Simulation;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

/// <summary>Two hours of a small grid that is overloaded in the middle, by the four policies, on a fixed seed.</summary>
public sealed class DayTests
{
    private static readonly DaySettings Small = new() { Hours = 2, Workers = 12, Models = 10, Seed = 1 };

    private static readonly DayResult Plain = DaySimulation.Run(Small);
    private static readonly DayResult Affine = DaySimulation.Run(Small with { Affinity = true });
    private static readonly DayResult Fair = DaySimulation.Run(Small with { Fair = true });
    private static readonly DayResult Both = DaySimulation.Run(Small with { Fair = true, Affinity = true });

    [Fact]
    public void Every_job_starts_and_no_worker_stands_idle_beside_a_job_that_it_can_do() =>
        Assert.All([Plain, Affine, Fair, Both], d => Assert.Equal((0, 0, 0), (d.Lost, d.Stranded, d.OutOfTurn)));

    [Fact]
    public void Affinity_at_least_halves_the_loading_of_models()
    {
        Assert.True(Affine.LoadsPer100Jobs <= Plain.LoadsPer100Jobs / 2, $"{Affine.LoadsPer100Jobs} beside {Plain.LoadsPer100Jobs}");
        Assert.True(Both.LoadsPer100Jobs <= Fair.LoadsPer100Jobs / 2, $"{Both.LoadsPer100Jobs} beside {Fair.LoadsPer100Jobs}");
    }

    [Fact]
    public void Fairness_gives_customers_their_weights_in_overload_and_without_it_they_get_what_they_offer()
    {
        Assert.All([Plain, Affine, Fair, Both], d => Assert.True(d.OverloadJobs > 100, $"{d.OverloadJobs} jobs in overload"));
        Assert.All([Fair, Both], d => Assert.True(d.Jain > 0.95, $"Jain's index {d.Jain}"));
        Assert.All([Plain, Affine], d => Assert.True(d.Jain < 0.9, $"Jain's index {d.Jain}"));
    }

    [Fact]
    public void Nobody_is_passed_over_more_often_than_the_policy_allows()
    {
        Assert.All([Plain, Fair], d => Assert.Equal(0, d.MostBypasses));
        Assert.All([Affine, Both], d => Assert.InRange(d.MostBypasses, 1, Small.Policy.MaxBypasses));
    }
}

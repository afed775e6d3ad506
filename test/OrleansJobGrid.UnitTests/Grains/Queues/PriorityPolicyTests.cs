using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.UnitTests.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

public sealed class PriorityPolicyTests
{
    private const int HourMs = 3_600_000;

    private static readonly PriorityPolicyOptions Options = Enabled();

    [Theory]
    [InlineData(null, null, null, 50)]
    [InlineData("gold", null, null, 65)]
    [InlineData("unheard", "high", null, 70)]
    [InlineData("gold", "critical", 0, 100)]
    [InlineData("scrap", "low", null, 0)]
    [InlineData(null, null, HourMs, 50)]
    [InlineData(null, null, HourMs / 2, 60)]
    [InlineData(null, null, 0, 70)]
    [InlineData(null, null, -HourMs, 70)]
    public void Tier_urgency_and_nearness_of_the_deadline_add_up_within_0_and_100(string? tier, string? urgency, int? deadlineIn, int priority) =>
        Assert.Equal(priority, PriorityPolicy.Of(Samples.Submission() with { Urgency = urgency, Deadline = Samples.Start + deadlineIn }, tier, Options, Samples.Start));

    [Fact]
    public void A_priority_of_its_own_stands_and_so_does_a_policy_that_is_off()
    {
        var job = Samples.Submission() with { Priority = 7, OwnPriority = true, Urgency = "critical" };
        Assert.Equal(7, PriorityPolicy.Of(job, "gold", Options, Samples.Start));
        Assert.Equal(50, PriorityPolicy.Of(Samples.Submission() with { Urgency = "critical" }, "gold", new(), Samples.Start));
    }

    private static PriorityPolicyOptions Enabled()
    {
        var options = new PriorityPolicyOptions { Enabled = true };
        (options.Tiers["gold"], options.Tiers["scrap"]) = (15, -40);
        return options;
    }
}

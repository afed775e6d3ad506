using Microsoft.Extensions.Configuration;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Host.Hosting;
using Xunit;

namespace OrleansJobGrid.UnitTests.Hosting;

public sealed class QueueSettingsTests
{
    [Theory]
    [InlineData("Queues:default:Afinity", "true")]
    [InlineData("Customers:x:MaxInflights", "1")]
    [InlineData("PriorityPolicy:Tier:gold", "1")]
    public void A_misspelt_setting_is_refused_with_its_whole_name(string name, string value) =>
        Assert.Contains($"JobGrid:{name}".Replace(":gold", "", StringComparison.Ordinal), Assert.Throws<GridSettingsException>(() => KnownSettings.Check(Of((name, value)))).Message);

    [Fact]
    public void Settings_as_documented_are_known() =>
        KnownSettings.Check(Of(
            ("Queues:hot:Fair", "true"), ("Queues:hot:Labels:0", "fast"), ("Queues:hot:AgeingStep", "00:01:00"), ("Customers:x:Weight", "2"), ("Customers:*:MaxQueued", "10"),
            ("PriorityPolicy:Enabled", "true"), ("PriorityPolicy:Tiers:gold", "10")));

    [Fact]
    public void All_that_is_out_of_range_is_told_at_once_each_with_its_place_and_range()
    {
        var options = new JobGridOptions();
        options.Queues["hot"] = new() { MaxBypasses = 0, AgeingStep = TimeSpan.Zero };
        options.Customers["x"] = new() { Weight = 0, Tier = "gold" };
        options.PriorityPolicy.Enabled = true;
        options.PriorityPolicy.Urgencies["high"] = 101;

        var result = new QueueOptionsCheck().Validate(null, options);

        Assert.True(result.Failed);
        foreach (var place in (string[])["JobGrid:Queues:hot:MaxBypasses must be 1 to 1000", "JobGrid:Queues:hot:AgeingStep", "JobGrid:Customers:x:Weight", "JobGrid:Customers:x:Tier is 'gold'", "JobGrid:PriorityPolicy:Urgencies:high is 101"])
            Assert.Contains(result.Failures!, f => f.Contains(place, StringComparison.Ordinal));
        Assert.Equal(5, result.Failures!.Count());
    }

    private static IConfigurationRoot Of(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create($"JobGrid:{s.Name}", (string?)s.Value))).Build();
}

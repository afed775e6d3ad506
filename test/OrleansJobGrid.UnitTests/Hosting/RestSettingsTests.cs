using Microsoft.Extensions.Configuration;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Host.Hosting;
using Xunit;

namespace OrleansJobGrid.UnitTests.Hosting;

public sealed class RestSettingsTests
{
    [Fact]
    public void A_service_outside_is_read_as_the_documentation_names_its_settings()
    {
        var configuration = Of(
            ("draw:Instances:a", "http://127.0.0.1:9000"), ("draw:Instances:b", "http://127.0.0.1:9001"), ("draw:OnThisMachine:0", "a"),
            ("draw:AttemptTimeout", "00:20:00"), ("draw:StallTimeout", "00:01:00"), ("draw:PollInterval", "00:00:00.1"));
        KnownSettings.Check(configuration);
        var settings = ConnectorSetup.RestSettings(configuration).Services["draw"];
        var grid = new JobGridOptions();
        ConnectorSetup.AddAttemptTimeouts(grid, configuration, []);

        Assert.Equal(["a", "b"], settings.Instances.Keys.Order());
        Assert.Equal(["a"], settings.OnThisMachine);
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(100)), (settings.StallTimeout, settings.PollInterval));
        Assert.Equal(TimeSpan.FromMinutes(20), grid.AttemptTimeouts["draw"]);
        Assert.True(grid.AttemptTimeouts.ContainsKey("process"));
    }

    [Fact]
    public void Wrong_settings_are_refused_by_name()
    {
        Assert.Contains("JobGrid:Rest:Services:draw:Instance", Assert.Throws<GridSettingsException>(() => KnownSettings.Check(Of(("draw:Instance", "x")))).Message);
        Assert.Contains(
            "JobGrid:Rest:Services:imaging is the name of a built-in service",
            Assert.Throws<GridSettingsException>(() => ConnectorSetup.RestSettings(Of(("imaging:Instances:a", "http://127.0.0.1:9000")))).Message);
        Assert.Contains(
            "JobGrid:Rest:Services:draw:Instances:a 'nowhere'",
            Assert.Throws<GridSettingsException>(() => ConnectorSetup.RestSettings(Of(("draw:Instances:a", "nowhere")))).Message);
    }

    private static IConfigurationRoot Of(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create($"JobGrid:Rest:Services:{s.Name}", (string?)s.Value)))
            .Build();
}

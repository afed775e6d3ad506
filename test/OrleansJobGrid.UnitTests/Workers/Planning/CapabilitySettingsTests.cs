using OrleansJobGrid.Workers.Hosting;
using OrleansJobGrid.Workers.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers.Planning;

public sealed class CapabilitySettingsTests
{
    [Fact]
    public void Check_NamesEachSettingAndTheMend()
    {
        var options = new WorkerOptions { CostTier = "free" };
        options.Labels.Add(" ");
        options.Components.Add("all");
        options.Components.Add("upscale");
        options.Models["draw"] = [];
        options.RuntimeClasses.Add("slow");
        options.CustomerAccess.Isolation = "strict";
        options.CustomerAccess.MaxConcurrentCustomers = 2;
        options.CustomerAccess.AllowedCustomers.Add("c");
        options.CustomerAccess.DeniedCustomers.Add("c");
        options.Hardware.RamGb = -1;

        Assert.Equal(
            [
                "X:Components names all beside others; leave the others out, or all.",
                "X:CostTier is 'free'; give one of economy, standard, premium.",
                "X:CustomerAccess both allows and denies customer 'c'; leave one out.",
                "X:CustomerAccess:MaxConcurrentCustomers is 2, but Isolation strict allows 1; leave one of them out.",
                "X:Hardware:RamGb is -1; give a number above 0, or leave it out.",
                "X:Labels has an empty entry; leave it out.",
                "X:Models:draw is empty; name its models, or all.",
                "X:RuntimeClasses is 'slow'; give one of fast, standard, heavy.",
            ],
            CapabilitySettings.Check(options, "X").Order(StringComparer.Ordinal));
        Assert.Empty(CapabilitySettings.Check(new(), "X"));
    }

    [Fact]
    public void Of_IsCanonical()
    {
        var options = new WorkerOptions { CostTier = "Premium" };
        options.Labels.Add("b");
        options.Labels.Add("a");
        options.Labels.Add("b");
        options.Models["draw"] = ["y", "x"];
        options.Models["*"] = ["all"];
        Assert.Equal(
            """{"models":{"*":["all"],"draw":["x","y"]},"hardware":{"cpu_cores":4},"cost_tier":"premium","labels":["a","b"]}""",
            CapabilitySettings.Of(options, new() { CpuCores = 4 }).Text);
    }
}

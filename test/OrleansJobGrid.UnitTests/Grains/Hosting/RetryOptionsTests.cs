using Microsoft.Extensions.Configuration;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Hosting;

public sealed class RetryOptionsTests
{
    private static RetryPolicies Read(out IReadOnlyList<string> errors, params (string Setting, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create("JobGrid:Retries:" + s.Setting, (string?)s.Value)))
            .Build();
        var options = new JobGridOptions();
        configuration.GetSection("JobGrid").Bind(options);
        return RetryOptionsReader.Read(options, out errors);
    }

    [Fact]
    public void WithNothingConfigured_TheClassesOwnPoliciesHold()
    {
        var policies = Read(out var errors);
        Assert.Empty(errors);
        Assert.Equal(new(5, 2_000, 3_600_000, 2), policies.Find("any", FailureClasses.Transient));
        Assert.Null(policies.Find("any", FailureClasses.Malformed));
    }

    [Fact]
    public void AServicesOwn_ComesBeforeEveryServices_WhichComesBeforeTheClasss_FieldByField()
    {
        var policies = Read(out var errors,
            ("comfyui:transient:Attempts", "9"), ("*:transient:BaseDelay", "00:00:01"), ("*:transient:Multiplier", "3.5"),
            ("comfyui:resource_exhaustion:BaseDelay", "00:00:05"), ("comfyui:rate_limited:MaxDelay", "00:00:10"));
        Assert.Empty(errors);
        Assert.Equal(new(9, 1_000, 3_600_000, 3.5), policies.Find("comfyui", FailureClasses.Transient));
        Assert.Equal(new(5, 1_000, 3_600_000, 3.5), policies.Find("imaging", FailureClasses.Transient));
        Assert.Equal(new(3, 5_000, 5_000, 1), policies.Find("comfyui", FailureClasses.ResourceExhaustion));
        Assert.Equal(new(5, 2_000, 10_000, 2), policies.Find("comfyui", FailureClasses.RateLimited));
        Assert.Equal(new(5, 2_000, 3_600_000, 2), policies.Find("imaging", FailureClasses.RateLimited));
    }

    [Fact]
    public void EveryError_NamesItsSettingAndTheMend_AllAtOnce()
    {
        Read(out var errors,
            ("comfyui:malformed:Attempts", "2"), ("comfyui:sometimes:Attempts", "2"), ("*:transient:Attempts", "0"), ("*:transient:Multiplier", "0.5"),
            ("*:rate_limited:BaseDelay", "-00:00:01"), ("*:missing_here:MaxDelay", "8.00:00:00"),
            ("imaging:transient:BaseDelay", "00:00:10"), ("imaging:transient:MaxDelay", "00:00:05"));
        string[] expected =
        [
            "JobGrid:Retries:comfyui:malformed: malformed failures are never tried again, since another attempt would fail as well: remove it",
            "JobGrid:Retries:comfyui:sometimes: 'sometimes' is no class of failure: use one of missing_here, rate_limited, resource_exhaustion, transient",
            "JobGrid:Retries:*:transient:Attempts is 0: use 1 to 1001",
            "JobGrid:Retries:*:transient:Multiplier is 0.5: use 1 to 10",
            "JobGrid:Retries:*:rate_limited:BaseDelay is -00:00:01: use 0 to 7 days",
            "JobGrid:Retries:*:missing_here:MaxDelay is 8.00:00:00: use 0 to 7 days",
            "JobGrid:Retries:imaging:transient:MaxDelay is 00:00:05, shorter than the BaseDelay 00:00:10: raise it, or lower BaseDelay",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), errors.Order(StringComparer.Ordinal));
    }
}

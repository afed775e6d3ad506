using OrleansJobGrid.Artefacts;
using Xunit;

namespace OrleansJobGrid.UnitTests.Artefacts;

public sealed class ArtefactOptionsTests
{
    [Fact]
    public void Errors_OfDefaultsAndOfAWholeBucket_AreNone()
    {
        Assert.Empty(ArtefactOptionsCheck.Errors(new()));
        Assert.Empty(ArtefactOptionsCheck.Errors(Bucket()));
        Assert.Empty(ArtefactOptionsCheck.Errors(Bucket(o => (o.Endpoint, o.Region, o.AccessKey, o.SecretKey) = (null, "eu-central-1", null, null))));
    }

    [Theory]
    [InlineData("Bucket")]
    [InlineData("Prefix")]
    [InlineData("Endpoint")]
    [InlineData("Region")]
    [InlineData("SecretKey")]
    [InlineData("AccessKey")]
    [InlineData("LinkKey")]
    public void Errors_OfAWrongBucket_NameTheSetting(string setting)
    {
        var options = Bucket(o =>
        {
            switch (setting)
            {
                case "Bucket": o.Bucket = "No_Bucket"; break;
                case "Prefix": o.Prefix = "/a"; break;
                case "Endpoint": o.Endpoint = "s3.example.com"; break;
                case "Region": (o.Endpoint, o.Region) = (null, null); break;
                case "SecretKey": o.SecretKey = null; break;
                case "AccessKey": o.AccessKey = null; break;
                default: o.LinkKey = "0123456789abcdef"; break;
            }
        });
        Assert.StartsWith($"JobGrid:Artefacts:{setting} ", Assert.Single(ArtefactOptionsCheck.Errors(options)), StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_OfAnEndpointWithAPassword_DoNotRepeatIt() =>
        Assert.DoesNotContain("hidden", Assert.Single(ArtefactOptionsCheck.Errors(Bucket(o => o.Endpoint = "https://me:hidden@s3.example.com"))), StringComparison.Ordinal);

    [Fact]
    public void Errors_OfABucketWithAFolder_SayThatKindIsMissing()
    {
        var options = Bucket(o => o.Kind = ArtefactBackend.Folder);
        Assert.All(ArtefactOptionsCheck.Errors(options), e => Assert.Contains("set Kind to S3", e, StringComparison.Ordinal));
        Assert.Equal(5, ArtefactOptionsCheck.Errors(options).Count);
    }

    [Fact]
    public void Errors_OfLimits_ComeAllAtOnce() => Assert.Equal(
        ["MaxOutputBytes", "MaxAttemptBytes", "SweepInterval", "KeepOrphans", "LinkLifetime", "LinkKey"],
        ArtefactOptionsCheck.Errors(new()
        {
            MaxOutputBytes = 0,
            MaxAttemptBytes = -1,
            SweepInterval = TimeSpan.FromSeconds(1),
            KeepOrphans = TimeSpan.FromHours(1),
            LinkLifetime = TimeSpan.FromDays(8),
            LinkKey = "short",
        }).Select(e => e["JobGrid:Artefacts:".Length..].Split(' ')[0]));

    private static ArtefactOptions Bucket(Action<ArtefactOptions>? change = null)
    {
        var options = new ArtefactOptions
        {
            Kind = ArtefactBackend.S3,
            Bucket = "grid",
            Endpoint = "https://s3.example.com",
            Region = "eu-1",
            AccessKey = "id",
            SecretKey = "secret",
        };
        change?.Invoke(options);
        return options;
    }
}

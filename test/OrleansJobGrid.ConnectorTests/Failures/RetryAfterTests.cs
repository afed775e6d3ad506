using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Failures;

public sealed class RetryAfterTests : ClassifierTestBase
{
    [Theory]
    [InlineData("120", 120_000L)]
    [InlineData("0", 0L)]
    [InlineData("Sun, 01 Mar 2026 12:00:30 GMT", 30_000L)]
    [InlineData("Sunday, 01-Mar-26 12:00:30 GMT", 30_000L)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", 0L)]
    [InlineData("soon", null)]
    [InlineData("-5", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Read_OfTheHeader_TakesSecondsAndDates(string? header, long? milliseconds) =>
        Assert.Equal(milliseconds, (long?)RetryAfterHeader.Read(header, Now)?.TotalMilliseconds);

    [Theory]
    [InlineData("Please try again in 12s. Visit ...", 12_000L)]
    [InlineData("Please try again in 1.5s.", 1_500L)]
    [InlineData("Please try again in 350ms.", 350L)]
    [InlineData("Please try again in 6m0s.", 360_000L)]
    [InlineData("Please try again in 2 minutes", 120_000L)]
    [InlineData("Please retry in 20.071123s.", 20_071L)]
    [InlineData("retry after 30 seconds", 30_000L)]
    [InlineData("Please try again later.", null)]
    [InlineData("try again in 3 models", null)]
    public void ReadFromMessage_FindsWhatProvidersWrite(string message, long? milliseconds) =>
        Assert.Equal(milliseconds, (long?)RetryAfterHeader.ReadFromMessage(message)?.TotalMilliseconds);

    [Fact]
    public void OfHttp_TheHeaderComesBeforeTheMessage()
    {
        var both = FailureEvidence.OfHttp(429, """{"error":{"message":"Please try again in 12s."}}""", "7", Now);
        Assert.Equal(TimeSpan.FromSeconds(7), both.RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(12), FailureEvidence.OfHttp(429, """{"error":{"message":"Please try again in 12s."}}""", null, Now).RetryAfter);
    }

    [Fact]
    public void AServiceThatIsDownAndSaysUntilWhen_IsWaitedFor()
    {
        Check(FailureEvidence.OfHttp(503, "", "30", Now), FailureClass.RateLimited, "service_overloaded");
        Check(FailureEvidence.OfHttp(503, "", null, Now), FailureClass.Transient, "service_down");
    }
}

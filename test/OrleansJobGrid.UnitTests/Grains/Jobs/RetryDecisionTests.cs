using CsCheck;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

public sealed class RetryDecisionTests
{
    private const double Middle = 0.5;

    [Theory]
    [InlineData(FailureClasses.Transient, 5)]
    [InlineData(FailureClasses.RateLimited, 5)]
    [InlineData(FailureClasses.ResourceExhaustion, 3)]
    [InlineData(FailureClasses.Malformed, 1)]
    [InlineData(FailureClasses.Refused, 1)]
    [InlineData(FailureClasses.Unauthorized, 1)]
    [InlineData("unheard_of", 1)]
    public void Of_EachClass_AllowsItsNumberOfAttempts(string type, int attempts)
    {
        for (var attempt = 1; attempt <= 6; attempt++)
            Assert.Equal(attempt < attempts, Decide(attempt, type).Retry);
    }

    [Theory]
    [InlineData(FailureClasses.Transient, 0, 1)]
    [InlineData(FailureClasses.Transient, 9, 10)]
    [InlineData(FailureClasses.ResourceExhaustion, 9, 10)]
    [InlineData(FailureClasses.RateLimited, 1, 2)]
    [InlineData(FailureClasses.Malformed, 9, 1)]
    public void Of_AJobWithItsOwnMaxRetries_AllowsOneAttemptMore_ButNeverRepeatsWhatIsWrong(string type, int maxRetries, int attempts)
    {
        for (var attempt = 1; attempt <= 12; attempt++)
            Assert.Equal(attempt < attempts, Decide(attempt, type, j => j with { MaxRetries = maxRetries }).Retry);
    }

    [Theory]
    [InlineData(1, 2_000)]
    [InlineData(2, 4_000)]
    [InlineData(3, 8_000)]
    [InlineData(4, 16_000)]
    [InlineData(11, 2_048_000)]
    [InlineData(12, 3_600_000)]
    [InlineData(900, 3_600_000)]
    public void Of_Transient_WaitsTwoToTheAttemptSeconds_AtMostAnHour(int attempt, long delay) =>
        Assert.Equal(delay, Decide(attempt, FailureClasses.Transient, j => j with { MaxRetries = 1_000 }).DelayMs);

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 300)]
    [InlineData(3, 900)]
    [InlineData(4, 2_000)]
    [InlineData(1_000, 2_000)]
    public void Of_AJobWithItsOwnBackoff_GrowsFromItsBaseToItsLongest(int attempt, long delay)
    {
        foreach (var type in new[] { FailureClasses.Transient, FailureClasses.ResourceExhaustion, FailureClasses.RateLimited })
            Assert.Equal(delay, Decide(attempt, type, j => j with { MaxRetries = 1_000, Retry = new(100, 2_000, 3) }).DelayMs);
    }

    [Fact]
    public void Of_AnOwnBackoffFromZero_IsAtOnce_AlsoAfterManyAttempts() =>
        Assert.Equal(0, Decide(900, FailureClasses.Transient, j => j with { MaxRetries = 1_000, Retry = new(0, 2_000, 10) }).DelayMs);

    [Fact]
    public void Of_ResourceExhaustion_IsAtOnce() => Assert.Equal(new(true, 0), Of(Decide(1, FailureClasses.ResourceExhaustion)));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1_234, 1_234)]
    [InlineData(-5, 0)]
    [InlineData(604_800_000, 604_800_000)]
    [InlineData(604_800_001, 604_800_000)]
    [InlineData(long.MaxValue, 604_800_000)]
    public void Of_RateLimited_WaitsWhatTheServiceSaid_AtMostAWeek(long told, long delay) =>
        Assert.Equal(new(true, delay), Of(Decide(1, FailureClasses.RateLimited, retryAfterMs: told, draw: 0.9)));

    [Fact]
    public void Of_RateLimitedWithoutAWord_WaitsAsTransient_AndWhatATransientFailureIsToldDoesNotCount()
    {
        Assert.Equal(new(true, 4_000), Of(Decide(2, FailureClasses.RateLimited)));
        Assert.Equal(new(true, 4_000), Of(Decide(2, FailureClasses.Transient, retryAfterMs: 77)));
    }

    [Fact]
    public void Of_AnyDraw_SpreadsTheDelayOver75To125Percent()
    {
        Assert.Equal(1_500, Decide(1, FailureClasses.Transient, draw: 0).DelayMs);
        Assert.Equal(2_499, Decide(1, FailureClasses.Transient, draw: 0.9999).DelayMs);
        Gen.Select(Gen.Int[1, 4], Gen.Double[0, 0.9999]).Sample((attempt, draw) =>
        {
            var middle = Math.Pow(2, attempt) * 1_000;
            Assert.InRange(Decide(attempt, FailureClasses.Transient, draw: draw).DelayMs, (long)(middle * 0.75), (long)(middle * 1.25));
        });
    }

    [Fact]
    public void Of_TheLastAttempt_SaysWhichOfHowMany() => Assert.Equal("attempt 5 of 5 failed", Decide(5, FailureClasses.Transient).Reason);

    private static (bool Retry, long DelayMs) Of(RetryDecision decision) => (decision.Retry, decision.DelayMs);

    private static RetryDecision Decide(int attempt, string type, Func<JobRecord, JobRecord>? wishes = null, long? retryAfterMs = null, double draw = Middle) =>
        RetryDecision.Of((wishes ?? (j => j))(Samples.Pending()) with { Attempt = attempt }, Samples.Failure(type, retryAfterMs: retryAfterMs), draw);
}

using CsCheck;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

public sealed class RetryDecisionTests
{
    private const double Middle = 0.5;

    private static readonly string[] Retried = [FailureClasses.Transient, FailureClasses.ResourceExhaustion, FailureClasses.RateLimited, FailureClasses.MissingHere];
    private static readonly string[] NeverRetried = [FailureClasses.Malformed, FailureClasses.Refused, FailureClasses.Unauthorized, "unheard_of"];

    [Theory]
    [InlineData(FailureClasses.Transient, 5)]
    [InlineData(FailureClasses.RateLimited, 5)]
    [InlineData(FailureClasses.MissingHere, 5)]
    [InlineData(FailureClasses.ResourceExhaustion, 3)]
    [InlineData(FailureClasses.Malformed, 1)]
    [InlineData(FailureClasses.Refused, 1)]
    [InlineData(FailureClasses.Unauthorized, 1)]
    [InlineData("unheard_of", 1)]
    public void Of_EachClass_AllowsItsNumberOfAttempts(string failureClass, int attempts)
    {
        for (var attempt = 1; attempt <= 6; attempt++)
            Assert.Equal(attempt < attempts, Decide(attempt, failureClass).Retry);
    }

    [Theory]
    [InlineData(FailureClasses.Transient, 0, 1)]
    [InlineData(FailureClasses.Transient, 9, 10)]
    [InlineData(FailureClasses.ResourceExhaustion, 9, 10)]
    [InlineData(FailureClasses.RateLimited, 1, 2)]
    [InlineData(FailureClasses.MissingHere, 1, 2)]
    [InlineData(FailureClasses.Malformed, 9, 1)]
    public void Of_AJobWithItsOwnMaxRetries_AllowsOneAttemptMore_ButNeverRepeatsWhatIsWrong(string failureClass, int maxRetries, int attempts)
    {
        for (var attempt = 1; attempt <= 12; attempt++)
            Assert.Equal(attempt < attempts, Decide(attempt, failureClass, j => j with { MaxRetries = maxRetries }).Retry);
    }

    [Fact]
    public void Of_AJobRetriedByHand_CountsFromThere()
    {
        Assert.False(Decide(5, FailureClasses.Transient).Retry);
        var decision = Decide(6, FailureClasses.Transient, j => j with { AttemptsBefore = 5 });
        Assert.Equal((true, 2_000), (decision.Retry, decision.DelayMs));
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
        foreach (var failureClass in Retried)
            Assert.Equal(delay, Decide(attempt, failureClass, j => j with { MaxRetries = 1_000, Retry = new(100, 2_000, 3) }).DelayMs);
    }

    [Fact]
    public void Of_AnOwnBackoffFromZero_IsAtOnce_AlsoAfterManyAttempts() =>
        Assert.Equal(0, Decide(900, FailureClasses.Transient, j => j with { MaxRetries = 1_000, Retry = new(0, 2_000, 10) }).DelayMs);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1_234, 1_234)]
    [InlineData(-5, 0)]
    [InlineData(604_800_000, 604_800_000)]
    [InlineData(604_800_001, 604_800_000)]
    [InlineData(long.MaxValue, 604_800_000)]
    public void Of_RateLimited_WaitsWhatTheServiceSaid_AtMostAWeek(long told, long delay)
    {
        var decision = Decide(1, FailureClasses.RateLimited, retryAfterMs: told, draw: 0.9);
        Assert.Equal((true, delay), (decision.Retry, decision.DelayMs));
    }

    [Fact]
    public void Of_RateLimitedWithoutAWord_WaitsAsTransient_AndWhatATransientFailureIsToldDoesNotCount()
    {
        Assert.Equal(4_000, Decide(2, FailureClasses.RateLimited).DelayMs);
        Assert.Equal(4_000, Decide(2, FailureClasses.Transient, retryAfterMs: 77).DelayMs);
    }

    [Fact]
    public void Of_AnyDraw_SpreadsTheDelay_AlsoAtItsLongest()
    {
        Assert.Equal(1_500, Decide(1, FailureClasses.Transient, draw: 0).DelayMs);
        Assert.Equal(2_499, Decide(1, FailureClasses.Transient, draw: 0.9999).DelayMs);
        var longest = Enumerable.Range(0, 10).Select(i => Decide(900, FailureClasses.Transient, j => j with { MaxRetries = 1_000 }, draw: i / 10.0).DelayMs).ToList();
        Assert.All(longest, d => Assert.InRange(d, 2_700_000, 3_600_000));
        Assert.True(longest.Distinct().Count() > 4);
    }

    [Fact]
    public void Of_ResourceExhaustion_IsAtOnce_AndNotThereForAMinute()
    {
        Assert.Equal((0, new RetryExclusion("worker:worker-1", 60_000, Hard: false)), Where(Decide(1, FailureClasses.ResourceExhaustion)));
        Assert.Equal((0, new RetryExclusion("instance:comfyui/a", 60_000, Hard: false)), Where(Decide(1, FailureClasses.ResourceExhaustion, instance: "comfyui/a")));
    }

    [Fact]
    public void Of_SomethingMissing_IsAtOnce_AndNotAtThatInstanceForTenMinutes()
    {
        Assert.Equal((0, new RetryExclusion("instance:comfyui/a", 600_000, Hard: true)), Where(Decide(1, FailureClasses.MissingHere, instance: "comfyui/a")));
        Assert.Equal((0, new RetryExclusion("worker:worker-1", 600_000, Hard: true)), Where(Decide(1, FailureClasses.MissingHere)));
    }

    [Fact]
    public void Of_AFailedDevice_IsABackoff_AndNotThereForAMinute()
    {
        Assert.Equal((2_000, new RetryExclusion("worker:worker-1", 60_000, Hard: false)), Where(Decide(1, FailureClasses.Transient, reason: "gpu_error")));
        Assert.Equal((4_000, new RetryExclusion("instance:comfyui/a", 60_000, Hard: false)), Where(Decide(2, FailureClasses.Transient, instance: "comfyui/a", reason: "gpu_error")));
        Assert.Equal((2_000, null), Where(Decide(1, FailureClasses.Transient, elsewhere: false, reason: "gpu_error")));
        Assert.Null(Decide(1, FailureClasses.Malformed, reason: "gpu_error").Exclude);
    }

    [Theory]
    [InlineData(FailureClasses.ResourceExhaustion)]
    [InlineData(FailureClasses.MissingHere)]
    public void Of_WhatFailedAtTheOnlyPlace_WaitsForTheSamePlace(string failureClass)
    {
        var first = Decide(1, failureClass, elsewhere: false);
        Assert.Equal((true, 2_000, null), (first.Retry, first.DelayMs, first.Exclude));
        Assert.Equal("attempt 1 of " + (failureClass == FailureClasses.MissingHere ? 5 : 3) + " failed, the next in 2000 ms, at the same place since there is no other", first.Reason);
        Assert.Equal(4_000, Decide(2, failureClass, elsewhere: false).DelayMs);
        // A backoff of the job's own is already a wait.
        Assert.Equal(100, Decide(1, failureClass, j => j with { Retry = new(100, 2_000, 3) }, elsewhere: false).DelayMs);
    }

    [Theory]
    [InlineData(FailureClasses.Transient)]
    [InlineData(FailureClasses.RateLimited)]
    [InlineData(FailureClasses.Malformed)]
    public void Of_OtherClasses_KeepNobodyAway(string failureClass) => Assert.Null(Decide(1, failureClass, instance: "comfyui/a").Exclude);

    [Fact]
    public void Of_TheLastAttempt_SaysWhichOfHowMany_AndEveryOtherWhere()
    {
        Assert.Equal("attempt 5 of 5 failed", Decide(5, FailureClasses.Transient).Reason);
        Assert.Equal("attempt 1 of 3 failed, the next in 0 ms, not at worker:worker-1 for 60000 ms", Decide(1, FailureClasses.ResourceExhaustion).Reason);
        Assert.Equal("malformed failures are never retried", Decide(1, FailureClasses.Malformed).Reason);
    }

    [Fact]
    public void Of_AServiceWithItsOwnPolicy_FollowsIt_AndTheJobsWishesComeFirst()
    {
        var policies = new RetryPolicies(new Dictionary<(string, string), RetryPolicy>
        {
            [("*", FailureClasses.Transient)] = new(7, 10, 1_000, 1),
            [("simulation", FailureClasses.Transient)] = new(2, 500, 1_000, 10),
        });
        Assert.Equal((true, 500), Of(Decide(1, FailureClasses.Transient, policies: policies)));
        Assert.False(Decide(2, FailureClasses.Transient, policies: policies).Retry);
        Assert.Equal((true, 1_000), Of(Decide(2, FailureClasses.Transient, j => j with { MaxRetries = 2 }, policies: policies)));
        Assert.Equal((true, 10), Of(Decide(6, FailureClasses.Transient, j => j with { Service = "imaging" }, policies: policies)));
        Assert.Equal((true, 0), Of(Decide(2, FailureClasses.ResourceExhaustion, policies: policies)));
    }

    [Fact]
    public void Of_AnySequenceOfFailures_EndsWithinThePolicy_WithDelaysWithinItsLongest()
    {
        var genPolicy = Gen.Select(Gen.Int[1, 20], Gen.Long[0, 10_000], Gen.Long[0, 100_000], Gen.Double[1, 10])
            .Select((attempts, from, more, multiplier) => new RetryPolicy(attempts, from, from + more, multiplier));
        var genFailure = Gen.Select(Gen.OneOf((string[])[.. Retried, .. NeverRetried]), Gen.Long.Nullable(), Gen.OneOf("comfyui/a", ""), Gen.OneOf<bool?>(true, false, null));
        Gen.Select(genPolicy, Gen.Int[0, 20].Nullable(), genFailure.Array[40], Gen.Double[0, 0.999999].Array[40]).Sample((policy, maxRetries, failures, draws) =>
        {
            var policies = new RetryPolicies(Retried.ToDictionary(c => ("*", c), _ => policy));
            var limit = maxRetries + 1 ?? policy.Attempts;
            var attempts = 0;
            foreach (var ((failureClass, told, instance, elsewhere), draw) in failures.Zip(draws))
            {
                attempts++;
                var decision = Decide(attempts, failureClass, j => j with { MaxRetries = maxRetries }, told, draw, instance, elsewhere, policies);
                Assert.True(!decision.Retry || Retried.Contains(failureClass));
                var longest = failureClass == FailureClasses.RateLimited && told is not null ? 604_800_000 : policy.MaxDelayMs;
                Assert.InRange(decision.DelayMs, 0, longest);
                // What comes back at once comes back to another place.
                Assert.True(elsewhere != false || decision.Exclude is null);
                Assert.True(decision.Exclude is null || decision.Retry);
                if (!decision.Retry)
                    break;
            }
            Assert.InRange(attempts, 1, limit);
        });
    }

    [Fact]
    public void Of_WhatStaysAtTheOnlyPlace_IsNeverAtOnce_UnlessTheConfigurationSaysSo() =>
        Gen.Select(Gen.OneOf(FailureClasses.ResourceExhaustion, FailureClasses.MissingHere, FailureClasses.Transient), Gen.Int[1, 2], Gen.Double[0, 0.999])
            .Sample((failureClass, attempt, draw) => Assert.InRange(Decide(attempt, failureClass, draw: draw, elsewhere: false).DelayMs, 1_500, 5_000));

    private static (bool Retry, long DelayMs) Of(RetryDecision decision) => (decision.Retry, decision.DelayMs);

    private static (long DelayMs, RetryExclusion? Exclude) Where(RetryDecision decision) => (decision.DelayMs, decision.Exclude);

    private static RetryDecision Decide(
        int attempt, string failureClass, Func<JobRecord, JobRecord>? wishes = null, long? retryAfterMs = null, double draw = Middle,
        string? instance = null, bool? elsewhere = null, RetryPolicies? policies = null, string reason = "unknown_error")
    {
        var job = JobDecisions.Create(new() { Id = "job-1", Service = "simulation", Payload = "{}"u8.ToArray(), BodyHash = "hash" }, 1, 1_700_000_000_000, 60_000, new()).After!;
        job = job with { Attempt = attempt, LastGrant = new(Guid.Empty, "session-1", "worker-1", 0) };
        var failure = new FailureReport
        {
            FailureClass = failureClass,
            FailureType = "system_error",
            FailureReason = reason,
            Message = "it broke",
            RetryAfterMs = retryAfterMs,
            Instance = instance,
        };
        return RetryDecision.Of((wishes ?? (j => j))(job), failure, draw, policies, elsewhere);
    }
}

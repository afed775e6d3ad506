using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

/// <summary>What becomes of a job whose work was posted outside and whose owner is lost.</summary>
public sealed class RecoveryDecisionsTests
{
    private const long LeaseEnd = Samples.Start + 8_000;
    private static readonly RetryTerms Terms = new(null, 0.5);
    private static readonly StartRequest Heir = new("heir", "session-heir");

    [Fact]
    public void Judge_Absent_RequeuesOnlyTheSecondTime_AndNotBeforeASecondAfterTheLease()
    {
        var job = Reconciling();
        var first = Judge(job, Finding.Absent, LeaseEnd - 5_000);
        Assert.Equal(JobStatus.Reconciling, first.Status);
        Assert.Equal(LeaseEnd + 1_000, first.Inquiry!.NextAskAt);
        var early = Judge(first, Finding.Absent, LeaseEnd + 999);
        Assert.Equal(JobStatus.Reconciling, early.Status);

        var requeued = Judge(early, Finding.Absent, LeaseEnd + 1_000);

        Assert.Equal((JobStatus.Pending, 0, 1), (requeued.Status, requeued.Attempt, requeued.Rescues));
        Assert.True(Assert.Single(requeued.Submissions!).Over);
        Assert.Equal(LeaseEnd + 1_000 + requeued.Submissions![0].SubmitTimeoutMs, requeued.StaleCheckAt);
    }

    [Fact]
    public void Judge_AbsentUnderAnotherBoot_RequeuesAtOnce() =>
        Assert.Equal(JobStatus.Pending, Judge(Reconciling(), Finding.Absent, Samples.Start + 2_000, boot: "boot-2").Status);

    [Theory]
    [InlineData(Finding.Running)]
    [InlineData(Finding.Completed)]
    public void Judge_Found_IsAdoptedByAGrantThatCountsNoAttempt(Finding finding)
    {
        var adopted = Judge(Reconciling(), finding, Samples.Start + 2_000, adopter: Heir);
        Assert.Equal((JobStatus.InProgress, 1, 2L, "heir"), (adopted.Status, adopted.Attempt, adopted.Epoch, adopted.LastGrant!.WorkerId));
        Assert.Equal(adopted.Submissions![0].ExternalId, adopted.Adopted);
    }

    [Fact]
    public void Judge_WithAnOlderVersion_ChangesNothing() =>
        Assert.Null(JobDecisions.Judge(Reconciling(), 8, Verdict(Reconciling(), Finding.Absent, Samples.Start, version: 7), Guid.NewGuid(), RecoveryPolicy.Default, Terms, Samples.Start));

    /// <summary>The first adopter wakes and speaks: stopping the work would break what the second one took over.</summary>
    [Fact]
    public void DirectiveFor_AnEarlierAdopterOfWhatIsAdoptedAgain_IsToLeaveIt()
    {
        var first = Judge(Reconciling(), Finding.Running, Samples.Start + 2_000, adopter: Heir);
        var lost = JobDecisions.SessionEnded(first, Samples.End("session-heir", leaseEndedAt: LeaseEnd), RecoveryPolicy.Default, Samples.Start + 3_000)!.After!;
        Assert.Equal(Directive.LeaveIt, JobDecisions.DirectiveFor(lost, first.Token));

        var second = Judge(lost, Finding.Running, Samples.Start + 4_000, adopter: new("other", "session-other"));

        Assert.Equal(Directive.LeaveIt, JobDecisions.DirectiveFor(second, first.Token));
        Assert.Equal(Directive.Hold, JobDecisions.DirectiveFor(second, second.Token));
    }

    [Fact]
    public void DirectiveFor_AWorkerWhoseJobRunsAnew_IsToCancelItsOwn()
    {
        var posted = Samples.Posted();
        var requeued = Judge(Lost(posted), Finding.Absent, Samples.Start + 2_000, boot: "boot-2");
        var anew = Samples.Posted(Samples.Assigned(requeued, "session-2"));
        Assert.Equal(Directive.CancelYours, JobDecisions.DirectiveFor(anew, posted.Token));
    }

    [Fact]
    public void Judge_NobodyCanAsk_IsHeld_AndTheMachineCountsAsLostFromWhenItWasLastSeen()
    {
        var job = Lost(Samples.Posted(node: "node-1"));
        var held = Judge(job, Finding.Unreachable, Samples.Start + 60_000, nodeAlive: true);
        Assert.StartsWith("unreachable", held.Inquiry!.HeldReason, StringComparison.Ordinal);
        var gone = Judge(held, Finding.NobodyCanAsk, Samples.Start + 200_000);
        Assert.Equal(JobStatus.Reconciling, gone.Status);
        Assert.Equal(JobStatus.Reconciling, Judge(gone, Finding.NobodyCanAsk, Samples.Start + 319_000).Status);
        Assert.Equal(JobStatus.Pending, Judge(gone, Finding.NobodyCanAsk, Samples.Start + 320_000).Status);
    }

    [Fact]
    public void Judge_AServiceThatCannotTell_IsDecidedAtOnceByWhatTheSubmitterWished()
    {
        var held = Judge(Lost(Samples.Posted()), Finding.Untellable, Samples.Start + 2_000);
        Assert.StartsWith("cannot_be_asked", held.Inquiry!.HeldReason, StringComparison.Ordinal);
        Assert.Equal(Samples.Start + 2_000, JobDue.Next(held));
        Assert.Equal(JobStatus.Failed, JobDecisions.Due(held, RecoveryPolicy.Default, Samples.Start + 2_000)!.After!.Status);
        Assert.Equal(JobStatus.Pending, JobDecisions.Due(held with { OnUnknown = "rerun" }, RecoveryPolicy.Default, Samples.Start + 2_000)!.After!.Status);
    }

    [Fact]
    public void Judge_DoneButNeverFetched_IsAFailureOfTheAttemptAfterFiveAdopters()
    {
        var job = Reconciling();
        for (var adopter = 1; adopter <= 5; adopter++)
        {
            job = Judge(job, Finding.Completed, Samples.Start + 2_000, adopter: Heir);
            Assert.Equal(JobStatus.InProgress, job.Status);
            job = JobDecisions.Stopped(job, job.Token, StopReason.Unsure, RecoveryPolicy.Default, Samples.Start + 2_000).Change!.After!;
            Assert.Equal(JobStatus.Reconciling, job.Status);
        }

        var failed = Judge(job, Finding.Completed, Samples.Start + 2_000, adopter: Heir);
        Assert.Equal((JobStatus.Retrying, "output_unreachable"), (failed.Status, failed.Failures![^1].FailureReason));
    }

    [Fact]
    public void Submit_ASecondPost_HasTheFirstLookedForOnceMore()
    {
        var posted = Samples.Posted();
        var again = JobDecisions.Submit(posted, posted.Token, Samples.Post(posted, 2), Samples.Start + 5_000).Change!.After!;
        Assert.Equal([true, false], again.Submissions!.Select(s => s.Over));
        Assert.Equal(Samples.Start + 15_000, again.StaleCheckAt);
    }

    [Fact]
    public void Judge_ALatePostThatRunsBesideANewAttempt_IsToldOnce_AndKeptUntilItEnded()
    {
        var requeued = Judge(Reconciling(), Finding.Absent, Samples.Start + 2_000, boot: "boot-2");
        var late = requeued.Submissions![0];
        var anew = Samples.Assigned(requeued, "session-2", Samples.Start + 3_000);

        var told = JobDecisions.Judge(anew, 0, Verdict(anew, Finding.Running, Samples.Start + 9_000, late), Guid.NewGuid(), RecoveryPolicy.Default, Terms, Samples.Start + 9_000)!;

        Assert.Equal(JobEventTypes.StaleSubmit, Assert.Single(told.Events).Type);
        Assert.True(Assert.Single(told.After!.Submissions!).Told);
        Assert.Null(JobDecisions.Judge(told.After, 0, Verdict(told.After, Finding.Running, Samples.Start + 9_500, late), Guid.NewGuid(), RecoveryPolicy.Default, Terms, Samples.Start + 9_500));
        var ended = JobDecisions.Judge(told.After, 0, Verdict(told.After, Finding.Cancelled, Samples.Start + 10_000, late), Guid.NewGuid(), RecoveryPolicy.Default, Terms, Samples.Start + 10_000)!;
        Assert.Empty(ended.Events);
        Assert.Null(ended.After!.Submissions);
    }

    [Fact]
    public void Fail_OfAPostedAttempt_NeedsNobodyToAskItsInstanceBeforeTheNextOne()
    {
        var posted = Samples.Posted();
        var failed = Samples.Failed(posted, Samples.Failure(FailureClasses.ResourceExhaustion));
        Assert.Equal((true, true), (failed.Submissions![0].Over, failed.Submissions[0].Ended));
        // Found as it was told: nothing to say.
        var settled = JobDecisions.Judge(failed, 0, Verdict(failed, Finding.Failed, Samples.Start + 20_000), Guid.NewGuid(), RecoveryPolicy.Default, Terms, Samples.Start + 20_000)!;
        Assert.Empty(settled.Events);
    }

    [Fact]
    public void Stopped_UnsureWithoutAPostOfItsOwn_IsAFailedAttempt_NotAnEndlessRepetition()
    {
        var granted = Samples.Assigned();
        var after = JobDecisions.Stopped(granted, granted.Token, StopReason.Unsure, RecoveryPolicy.Default, Samples.Start).Change!.After!;
        Assert.Equal((JobStatus.Retrying, 1), (after.Status, after.Attempt));
    }

    [Fact]
    public void Due_OfWorkThatRunsWithoutAnAdopter_IsTheAttemptsLimit()
    {
        var held = Judge(Reconciling(), Finding.Running, Samples.Start + 2_000);
        Assert.Equal(JobDecisions.NoAdopter, held.Inquiry!.HeldReason);
        var timedOut = JobDecisions.Due(held, RecoveryPolicy.Default, Samples.Start + Samples.AttemptTimeout)!.After!;
        Assert.Equal(JobStatus.Timeout, timedOut.Status);
    }

    [Fact]
    public void Named_IsOnRecordOfThatPostAlone_AlsoWhereTheJobIsToStop_AndNotOfAGrantThatIsOver()
    {
        var posted = Samples.Posted();
        var mark = posted.Submissions!.Single().ExternalId;
        var named = JobDecisions.Named(posted, posted.Token, mark, "p7", Samples.Start).Change!;
        Assert.Equal("p7", named.After!.Submissions!.Single().ServiceId);
        Assert.Equal((JobEventTypes.ServiceAccepted, posted.Status), (named.Events.Single().Type, named.After.Status));
        // The same word again writes nothing.
        Assert.Equal(new JobAnswer(ReportOutcome.Accepted), JobDecisions.Named(named.After, posted.Token, mark, "p7", Samples.Start));
        var stopping = posted with { CancelRequestedAt = Samples.Start };
        Assert.True(stopping.StopRequested);
        Assert.Equal(ReportOutcome.Accepted, JobDecisions.Named(stopping, posted.Token, mark, "p7", Samples.Start).Outcome);
        Assert.Equal(ReportOutcome.Stale, JobDecisions.Named(posted, posted.Token, "another", "p7", Samples.Start).Outcome);
        var lost = Lost(posted);
        Assert.Equal(ReportOutcome.LeaveIt, JobDecisions.Named(lost, posted.Token, mark, "p7", Samples.Start).Outcome);
        Assert.Equal(256, JobDecisions.Named(posted, posted.Token, mark, new('x', 300), Samples.Start).Change!.After!.Submissions!.Single().ServiceId!.Length);
    }

    private static JobRecord Reconciling() => Lost(Samples.Posted());

    private static JobRecord Lost(JobRecord posted) =>
        JobDecisions.SessionEnded(posted, Samples.End(posted.LastGrant!.SessionId, leaseEndedAt: LeaseEnd), RecoveryPolicy.Default, Samples.Start + 1_000)!.After!;

    private static JobRecord Judge(
        JobRecord job, Finding finding, long clock, string boot = "boot-1", StartRequest? adopter = null, bool nodeAlive = false) =>
        JobDecisions.Judge(
            job, 0, Verdict(job, finding, clock) with { BootMark = boot, Adopter = adopter, NodeAlive = nodeAlive }, Guid.NewGuid(), RecoveryPolicy.Default, Terms, clock)!.After!;

    private static Verdict Verdict(JobRecord job, Finding finding, long clock, ServiceSubmission? of = null, long version = 0) =>
        new() { ExternalId = (of ?? job.Submissions![^1]).ExternalId, Version = version, Finding = finding, AskedAt = clock, Reason = "so it is" };
}

using CsCheck;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

public sealed class JobDecisionsTests
{
    [Fact]
    public void Every_sequence_of_words_leaves_a_job_that_keeps_the_rules() =>
        Gen.Select(Wishes.Any, Word.Any.Array[0, 50]).Sample(
            (wishes, words) =>
            {
                var life = new JobLife(wishes);
                foreach (var word in words)
                    life.Say(word);
            },
            iter: 3_000);

    /// <summary>Without this the property above could pass by never leaving a few states.</summary>
    [Fact]
    public void Every_edge_of_the_table_is_gone_along_by_some_sequence_of_words()
    {
        var random = new Random(20_240_611);
        var seen = new HashSet<JobTransition>();
        // Rare among random words: a post that came in late is found while its job waits for a retry, and a job that kills its workers.
        Live(seen, (WordKind.Grant, 1), (WordKind.Submit, 1), (WordKind.SessionEnded, 1), (WordKind.Judge, 272), (WordKind.Grant, 1), (WordKind.Fail, 0), (WordKind.Judge, 0));
        Live(seen, (WordKind.Grant, 3), (WordKind.SessionEnded, 3), (WordKind.Grant, 3), (WordKind.SessionEnded, 3));
        Live(seen, (WordKind.Grant, 1), (WordKind.Begin, 1), (WordKind.SessionEnded, 1), (WordKind.Grant, 1), (WordKind.Begin, 1), (WordKind.SessionEnded, 1));
        for (var life = 0; life < 60_000 && seen.Count < JobTransitions.All.Count - 1; life++)
        {
            var job = new JobLife(new(random.Next(101), random.Next(4), random.Next(6), random.Next(5), random.Next(3), random.Next(3), random.Next(8), random.Next(4))) { Seen = seen };
            for (var word = 0; word < 100; word++)
                job.Say(Word.From(random.Next(), random.Next(), random.Next(), random.Next(), random.NextDouble()));
        }

        // A life begins with its creation, before anything is noted.
        Assert.Equal(new(null, JobStatus.Pending, Mover.Submitter), Assert.Single(JobTransitions.All.Except(seen)));
    }

    private static void Live(HashSet<JobTransition> seen, params (WordKind Kind, int Choice)[] words)
    {
        var job = new JobLife(new(50, 0, 0, 0, 0, 0, 0)) { Seen = seen };
        foreach (var (kind, choice) in words)
            job.Say(new(kind, Speaker.Current, choice, 1, 0.5));
    }

    [Fact]
    public void Complete_OfAJobNeverGranted_IsStale_AlsoWithTheDefaultToken()
    {
        Assert.Equal(new JobAnswer(ReportOutcome.Stale), JobDecisions.Complete(Samples.Pending(), default, new(), Samples.Start));
        Assert.Equal(new JobAnswer(ReportOutcome.Stale), JobDecisions.Fail(Samples.Pending(), default, Samples.Failure(), new(null, 0.5), Samples.Start));
        Assert.Equal(new JobAnswer(ReportOutcome.Stale), JobDecisions.Stopped(Samples.Pending(), default, StopReason.Drained, RecoveryPolicy.Default, Samples.Start));
    }

    [Fact]
    public void Complete_WhileItsJobWaitsForARetry_IsAccepted_AndLeavesNothingOfTheWait()
    {
        var granted = Samples.InProgress();
        var retrying = Samples.Failed(granted, Samples.Failure()) with { Checkpoint = [1] };
        Assert.Equal(JobStatus.Retrying, retrying.Status);

        var (outcome, change) = JobDecisions.Complete(retrying, granted.Token, new() { Result = Samples.Json("1"), DurationMs = 5 }, Samples.Start + 500);

        Assert.Equal(ReportOutcome.Accepted, outcome);
        Assert.Equal(JobStatus.Completed, change!.After!.Status);
        Assert.Null(change.After.RetryAt);
        Assert.Null(change.After.Error);
        Assert.Null(change.After.Checkpoint);
        Assert.Equal("late result of epoch 1", change.Events[^1].Reason);
    }

    [Fact]
    public void Complete_AfterARescue_IsAcceptedFromTheLastGrantOnly()
    {
        var first = Samples.InProgress();
        var rescued = JobDecisions.SessionEnded(first, Samples.End(), RecoveryPolicy.Default, Samples.Start + 1)!.After!;
        var second = Samples.Assigned(rescued, "session-2", Samples.Start + 2);

        Assert.Equal(ReportOutcome.Accepted, JobDecisions.Complete(rescued, first.Token, new(), Samples.Start + 3).Outcome);
        Assert.Equal(ReportOutcome.Stale, JobDecisions.Complete(second, first.Token, new(), Samples.Start + 3).Outcome);
        Assert.Equal((1, 2), (second.Attempt, second.Epoch));
    }

    [Fact]
    public void Complete_OfAJobUnderASecond_CarriesItsStart_NeverBeforeItsGrant()
    {
        var granted = Samples.Assigned();
        var quick = JobDecisions.Complete(granted, granted.Token, new() { DurationMs = 200 }, Samples.Start + 500).Change!.After!;
        var claimsMore = JobDecisions.Complete(granted, granted.Token, new() { DurationMs = 9_000 }, Samples.Start + 500).Change!.After!;

        Assert.Equal(Samples.Start + 300, quick.StartedAt);
        Assert.Equal(Samples.Start, claimsMore.StartedAt);
    }

    /// <summary>Whoever asked for the end was told that it comes: no other limit that passes first may turn it into a timeout.</summary>
    [Theory]
    [InlineData(10_000, 60_000, "stop requested; its deadline passed")]
    [InlineData(null, 20_000, "stop requested; attempt 1 ran longer than 20 s")]
    [InlineData(null, 600_000, "stop_unconfirmed")]
    public void Due_WhenAStopWasAskedFor_CancelsWhicheverLimitPassesFirst(int? deadline, int attemptTimeout, string reason)
    {
        var pending = Samples.Pending(Samples.Submission() with { Deadline = Samples.Start + deadline, AttemptTimeoutMs = attemptTimeout });
        var asked = JobDecisions.Cancel(Samples.Assigned(pending), "enough", Samples.Start).Change!.After!;

        var ended = JobDecisions.Due(asked, RecoveryPolicy.Default, JobDue.Next(asked))!.After!;

        Assert.Equal((JobStatus.Cancelled, reason), (ended.Status, ended.EndReason));
    }

    [Theory]
    [InlineData(null, null, 86_400_000, 604_800_000)]
    [InlineData(60, 3_600, 60_000, 3_600_000)]
    public void Due_OfAFinalJob_IsWhenItsTimeOfKeepingEnds(int? completed, int? failed, long afterCompletion, long afterFailure)
    {
        var keep = new KeepOptions();
        keep.Completed = completed is { } c ? TimeSpan.FromSeconds(c) : keep.Completed;
        keep.Failed = failed is { } f ? TimeSpan.FromSeconds(f) : keep.Failed;
        var granted = Samples.Assigned(JobDecisions.Create(Samples.Submission() with { MaxRetries = 0 }, 1, Samples.Start, Samples.AttemptTimeout, keep).After!);
        var end = Samples.Start + 10;
        var done = JobDecisions.Complete(granted, granted.Token, new(), end).Change!.After!;
        var cancelled = JobDecisions.Cancel(granted with { Status = JobStatus.Pending }, "enough", end).Change!.After!;
        var timedOut = JobDecisions.Due(granted, RecoveryPolicy.Default, JobDue.Next(granted))!.After!;

        Assert.Equal((end + afterCompletion, end + afterCompletion), (JobDue.Next(done), JobDue.Next(cancelled)));
        Assert.Equal((JobStatus.Timeout, timedOut.FinishedAt + afterFailure), (timedOut.Status, JobDue.Next(timedOut)));
        Assert.Equal(done.KeepFailedMs, JobRecordFormat.Read("job-1", JobRecordFormat.Write(done)).KeepFailedMs);
    }

    [Theory]
    [InlineData(StopReason.Drained, JobEventTypes.Requeued)]
    [InlineData(StopReason.NotBegun, JobEventTypes.GrantReturned)]
    public void Stopped_WithoutARequest_GivesTheAttemptBack(StopReason reason, string eventType)
    {
        var granted = Samples.Assigned();
        var change = JobDecisions.Stopped(granted, granted.Token, reason, RecoveryPolicy.Default, Samples.Start + 10).Change!;

        Assert.Equal((JobStatus.Pending, 0, 1L), (change.After!.Status, change.After.Attempt, change.After.Epoch));
        Assert.Equal(eventType, Assert.Single(change.Events).Type);
    }

    [Fact]
    public void Fail_ManyTimes_KeepsTheLastEightInShort_AndTheLogHasThemWhole()
    {
        var message = new string('x', 3_000);
        var job = Samples.Pending(Samples.Submission() with { MaxRetries = 100, Retry = new(0, 0, 1) });
        JobChange? change = null;
        for (var i = 0; i < 12; i++)
        {
            var granted = Samples.Assigned(job);
            change = JobDecisions.Fail(granted, granted.Token, Samples.Failure(message: message), new(null, 0.5), Samples.Start).Change!;
            job = change.After!;
        }

        Assert.Equal(Enumerable.Range(5, 8), job.Failures!.Select(f => f.Attempt));
        Assert.All(job.Failures!, f => Assert.True(f.Message.Length < 250));
        Assert.InRange(job.Error!.Length, 600, 610);
        Assert.Contains(message, change!.Events[0].Reason!, StringComparison.Ordinal);
    }

    /// <summary>A record too large for its store could never be completed, nor its failure be written.</summary>
    [Theory]
    [InlineData('x')]
    [InlineData('\u0001')]
    [InlineData('語')]
    public void A_job_with_the_most_of_everything_fits_into_a_record(char letter)
    {
        var text = new string(letter, 4_000);
        var name = new string('n', JobSubmissionLimits.NameLength);
        var reference = new string(letter, JobSubmissionLimits.ReferenceLength);
        var job = Samples.Pending(Samples.Submission() with
        {
            Service = name,
            Queue = name,
            Payload = Samples.Json("\"" + new string('p', JobSubmissionLimits.PayloadBytes - 2) + "\""),
            Metadata = Samples.Json("\"" + new string('m', JobSubmissionLimits.MetadataBytes - 2) + "\""),
            CustomerId = reference,
            WorkflowId = reference,
            MaxRetries = JobSubmissionLimits.MaxRetries,
            Retry = new(0, 0, 1),
        });
        JobRecord granted;
        for (var i = 0; i < 20; i++)
        {
            granted = Samples.Assigned(job, worker: name);
            granted = JobDecisions.Submit(granted, granted.Token, Samples.Post(granted, 1, name, text) with { Instance = name }, Samples.Start).Change!.After!;
            granted = JobDecisions.Checkpoint(granted, granted.Token, new byte[64 << 10]).Change!.After!;
            job = Samples.Failed(granted, Samples.Failure(message: text) with { FailureReason = text, FailureType = text });
            Assert.InRange(JobRecordFormat.Write(job).Length, 1, StoreLimits.RecordBytes);
        }

        granted = Samples.Assigned(job, worker: name);
        var result = Samples.Json("\"" + new string('r', (64 << 10) - 2) + "\"");
        var done = JobDecisions.Complete(granted, granted.Token, new() { Result = result }, Samples.Start).Change!.After!;
        Assert.InRange(JobRecordFormat.Write(done).Length, 1, StoreLimits.RecordBytes);
    }
}

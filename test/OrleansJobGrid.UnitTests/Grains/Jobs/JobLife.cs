using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

/// <summary>
/// One job driven by words: each decision is compared with what the rules say in the fewest words, written into the store's model,
/// and followed by a look at everything that must hold of a job at any time.
/// </summary>
internal sealed class JobLife
{
    private const string Id = "job-1";

    private readonly JobStoreModel _store = new(0, 1);
    private readonly List<GrantToken> _tokens = [];
    private readonly int[] _incarnations = new int[3];
    private readonly int _attemptLimit;
    private readonly RecoveryPolicy _policy;
    private readonly ReadyOrder _order;
    private long _clock = Samples.Start;
    private long _version;
    private int _operations;
    private Guid _operation;
    private JobRecord? _completed;

    public JobLife(Wishes wishes)
    {
        _attemptLimit = wishes.AttemptLimit;
        // Few rescues for some, so that poison is met.
        _policy = RecoveryPolicy.Default with { Rescues = wishes.Unknown == 0 ? 1 : 3 };
        var created = JobDecisions.Create(wishes.Submission(), 7, _clock, Samples.AttemptTimeout, new());
        _order = created.After!.Order;
        Write(created, Mover.Submitter);
    }

    /// <summary>Edges that jobs went along, of all lives that were given this set.</summary>
    public HashSet<JobTransition>? Seen { get; init; }

    private JobRecord? Job { get; set; }

    public void Say(Word word)
    {
        if (Job is not { } job)
            return;
        _clock += word.After;
        switch (word.Kind)
        {
            case WordKind.Grant:
                Grant(job, word);
                break;
            case WordKind.SessionEnded:
                EndSession(job, word.Choice % 3);
                break;
            case WordKind.Judge:
                Judge(job, word);
                break;
            case WordKind.Cancel:
                Cancel(job);
                break;
            case WordKind.Pause or WordKind.Resume or WordKind.Retry or WordKind.Resolve or WordKind.Purge:
                Control(job, word);
                break;
            case WordKind.Due:
                Due(job);
                break;
            case WordKind.DueAtNext:
                _clock = Math.Max(_clock, JobDue.Next(job));
                Due(job);
                break;
            default:
                Report(job, word);
                break;
        }

        JobInvariants.Hold(Job, _store, Id);
    }

    private void Grant(JobRecord job, Word word)
    {
        var session = SessionOf(word.Choice % 3, word.Choice % 7 == 0);
        var operation = NextOperation();
        var change = JobDecisions.Grant(job, new("worker-" + session, session), operation, _clock);
        Assert.Equal(job.IsReady, change is not null);
        if (change is null || !Write(change, Mover.Queue))
            return;
        Assert.Equal((job.Epoch + 1, operation), (Job!.Epoch, Job.LastGrant!.OperationId));
        Assert.Equal(job.Attempt + 1, Job.Attempt);
        _tokens.Add(Job.Token);
    }

    private void EndSession(JobRecord job, int which)
    {
        var session = SessionOf(which, false);
        _store.Ended.Add(session);
        _incarnations[which]++;
        var end = Samples.End(session, abnormal: which != 2, leaseEndedAt: _clock) with { DeclaredServices = which == 1 ? [job.Service] : [] };
        var change = JobDecisions.SessionEnded(job, end, _policy, _clock);
        Assert.Equal(job.Status.IsGranted() && job.LastGrant!.SessionId == session, change is not null);
        if (change is null)
            return;
        Write(change, Mover.Recovery);
        if (JobDecisions.Open(job).Any())
            Assert.Equal((JobStatus.Reconciling, job.Attempt), (Job!.Status, Job.Attempt));
        else
            WasTakenBack(job);
    }

    private void Judge(JobRecord job, Word word)
    {
        if (job.Submissions is not { } submissions)
            return;
        var submission = submissions[word.Choice % submissions.Count];
        var session = SessionOf(word.Choice % 3, false);
        var verdict = new Verdict
        {
            ExternalId = submission.ExternalId,
            Version = word.Speaker == Speaker.Stale ? _version - 1 : _version,
            // The last one ends what the others lead to, and comes seldom.
            Finding = (Finding)(1 + (word.Choice / 8 % 22 / 3)),
            AskedAt = _clock,
            BootMark = word.Choice / 64 % 4 == 0 ? "boot-2" : "boot-1",
            Reason = "so it is",
            Failure = FailureOf(word),
            Adopter = word.Choice / 256 % 2 == 0 ? new StartRequest("worker-" + session, session) : null,
            NodeAlive = word.Choice / 512 % 2 == 0,
        };
        var operation = NextOperation();
        var change = JobDecisions.Judge(job, _version, verdict, operation, _policy, Terms(word), _clock);
        if (job.Status != JobStatus.Reconciling && !submission.Over)
            Assert.Null(change);
        if (change is null || !Write(change, Mover.Recovery))
            return;
        if (Job!.Epoch > job.Epoch)
        {
            // Taken over: what ran goes on, and is the same attempt.
            Assert.Equal((job.Status == JobStatus.Reconciling ? job.Attempt : job.Attempt + 1, operation, submission.ExternalId), (Job.Attempt, Job.LastGrant!.OperationId, Job.Adopted));
            Assert.True(verdict.Finding is Finding.Running or Finding.Completed);
            _tokens.Add(Job.Token);
        }

        if (verdict.Finding is Finding.Unreachable or Finding.NobodyCanAsk && (verdict.NodeAlive || submission.Node is null))
            Assert.Equal(job.Status, Job.Status);
        if (job.CancelRequestedAt is not null && job.Status == JobStatus.Reconciling && Job.Status != JobStatus.Reconciling)
            Assert.True(Job.Status == JobStatus.Cancelled || (Job.Status == JobStatus.InProgress && verdict.Finding == Finding.Completed), $"a cancel ended as {Job.Status.Name()}");
    }

    private void Cancel(JobRecord job)
    {
        var (answer, change) = JobDecisions.Cancel(job, "enough", _clock);
        Assert.Equal(!job.Status.IsFinal() || job.Status == JobStatus.Cancelled, answer.Accepted);
        Assert.Equal(!job.Status.IsFinal() && job.CancelRequestedAt is null, change is not null);
        if (change is null)
            return;
        Write(change, Mover.Submitter);
        Assert.Equal(job.Attempt, Job!.Attempt);
        Assert.Equal(job.Status.IsGranted() || job.Status == JobStatus.Reconciling ? job.Status : JobStatus.Cancelled, Job.Status);
    }

    /// <summary>Said twice, a request is answered alike and changes nothing the second time.</summary>
    private void Control(JobRecord job, Word word)
    {
        (ControlAnswer Answer, JobChange? Change) Decide(JobRecord record) => word.Kind switch
        {
            WordKind.Pause => JobDecisions.Pause(record, "wait", _clock),
            WordKind.Resume => JobDecisions.Resume(record, "go on", _clock),
            WordKind.Retry => JobDecisions.Retry(record, "again", _clock),
            WordKind.Resolve => JobDecisions.Resolve(record, (Resolution)(1 + (word.Choice % 3)), "I looked", Samples.Json("1"), _clock),
            _ => JobDecisions.Purge(record, _clock),
        };
        var (answer, change) = Decide(job);
        Assert.True(answer.Accepted || change is null);
        Assert.NotEmpty(answer.Message);
        if (change is null)
            return;
        Write(change, word.Kind is WordKind.Pause or WordKind.Resume ? Mover.Submitter : Mover.Operator);
        if (Job is not { } now || word.Kind == WordKind.Resolve)
            return;
        Assert.Equal((true, (JobChange?)null), (Decide(now).Answer.Accepted, Decide(now).Change));
    }

    private void Due(JobRecord job)
    {
        var change = JobDecisions.Due(job, _policy, _clock);
        Assert.Equal(JobDue.Next(job) <= _clock, change is not null);
        if (change is null)
            return;
        Assert.Equal(JobDue.Next(job), change.NotBefore);
        Assert.Equal(job.Status.IsFinal() && !(job.StaleCheckAt <= _clock), change.After is null);
        Write(change, Mover.Wheel);
        if (Job is not null && Job.Status != JobStatus.Pending)
            Assert.Equal(job.Attempt, Job.Attempt);
        if (job.CancelRequestedAt is not null)
            Assert.True(Job!.Status is JobStatus.Cancelled or JobStatus.Reconciling || Job.StaleChecks != job.StaleChecks || Job.StaleCheckAt != job.StaleCheckAt);
    }

    private void Report(JobRecord job, Word word)
    {
        var token = TokenOf(word.Speaker);
        var last = _tokens.Count > 0 && token == _tokens[^1];
        var holds = last && job.Status.IsGranted();
        var asked = job.StopRequested;
        var post = Samples.Post(job with { Epoch = token.Epoch }, 1 + (word.Choice % 2), word.Choice % 3 == 0 ? "node-1" : null);
        var (outcome, change) = word.Kind switch
        {
            WordKind.Begin => JobDecisions.Begin(job, token, _clock),
            WordKind.Checkpoint => JobDecisions.Checkpoint(job, token, [1, 2, 3]),
            WordKind.Complete => JobDecisions.Complete(job, token, new() { Result = Samples.Json("{\"n\":" + word.Choice + "}"), DurationMs = word.Choice % 500 }, _clock),
            WordKind.Fail => JobDecisions.Fail(job, token, FailureOf(word), Terms(word), _clock),
            WordKind.Submit => JobDecisions.Submit(job, token, post, _clock),
            WordKind.Named => JobDecisions.Named(job, token, job.Submissions is { } named ? named[word.Choice % named.Count].ExternalId : "none", $"own-{word.Choice % 3}", _clock),
            WordKind.Attach => JobDecisions.Attach(job, token, job.Submissions is { } posts ? posts[word.Choice % posts.Count].ExternalId : "none", _clock),
            _ => JobDecisions.Stopped(job, token, (StopReason)(1 + (word.Choice % 6)), _policy, _clock),
        };
        if (!last)
        {
            Assert.Null(change);
            Assert.True(outcome is ReportOutcome.Stale or ReportOutcome.LeaveIt);
        }

        if (holds && word.Kind is WordKind.Begin or WordKind.Checkpoint or WordKind.Submit)
            Assert.Equal(asked && holds ? ReportOutcome.StopRequested : outcome, outcome);
        if (word.Kind == WordKind.Complete && last)
        {
            Assert.Equal(job.Status.IsFinal() && job.Status != JobStatus.Completed, outcome != ReportOutcome.Accepted);
            Assert.Equal(!job.Status.IsFinal(), change is not null);
        }

        if (word.Kind is WordKind.Fail or WordKind.Stopped)
            Assert.Equal(holds, change is not null);
        if (change is null || !Write(change, Mover.Worker))
            return;
        if (word.Kind == WordKind.Complete)
            Assert.Equal(JobStatus.Completed, Job!.Status);
        if (word.Kind is WordKind.Submit)
            Assert.Contains(Job!.Submissions!, s => s.ExternalId == post.ExternalId && !s.Over);
        if (word.Kind is not WordKind.Stopped && Job!.Status != JobStatus.Paused)
            Assert.Equal(job.Attempt, Job!.Attempt);
        if (word.Kind is WordKind.Fail && job.CancelRequestedAt is not null)
            Assert.Equal(JobStatus.Cancelled, Job!.Status);
    }

    /// <summary>Back at its place with an attempt less, or where it was asked to be, or poison.</summary>
    private void WasTakenBack(JobRecord before)
    {
        var poison = before.Rescues == _policy.Rescues && !before.StopRequested && Job!.Status == JobStatus.Failed;
        var expected = poison ? JobStatus.Failed
            : before.CancelRequestedAt is not null ? JobStatus.Cancelled
            : before.PauseRequestedAt is not null ? JobStatus.Paused : JobStatus.Pending;
        Assert.Equal(expected, Job!.Status);
        Assert.Equal(expected.IsFinal() ? before.Attempt : before.Attempt - 1, Job.Attempt);
    }

    private bool Write(JobChange change, Mover mover)
    {
        var before = Job;
        Assert.Same(before, change.Before);
        Assert.True(change.NotBefore is null || change.NotBefore <= _clock);
        var operation = change.ToOperation(Id, _version, _operation, NextOperation());
        var result = Assert.Single(_store.Apply([operation]));
        if (result.Outcome == OperationOutcome.SessionEnded)
        {
            Assert.Contains(change.Session!, _store.Ended);
            return false;
        }

        Assert.Equal(OperationOutcome.Applied, result.Outcome);
        (Job, _version, _operation) = (change.After, _version + 1, operation.OperationId);
        if (Job is null)
        {
            Assert.True(mover is Mover.Wheel or Mover.Operator);
            Assert.True(before!.Status.IsFinal());
            return true;
        }

        Assert.Equal(OperationOutcome.AlreadyApplied, _store.Apply([operation])[0].Outcome);
        if (before?.Status != Job.Status)
        {
            var edge = new JobTransition(before?.Status, Job.Status, mover);
            Assert.Contains(edge, JobTransitions.All);
            Seen?.Add(edge);
        }

        Assert.True(before is null || !before.Status.IsFinal() || before.Status.IsDeadLetter() || (before.Status == Job.Status && before.FinishedAt == Job.FinishedAt), "a final job changed");
        var granted = mover == Mover.Queue || (mover == Mover.Recovery && Job.Status == JobStatus.InProgress && before!.Status != JobStatus.InProgress);
        Assert.Equal((before?.Epoch ?? 0) + (granted ? 1 : 0), Job.Epoch);
        Assert.Equal(_order, Job.Order);
        Assert.InRange(Job.Attempt - Job.AttemptsBefore, 0, _attemptLimit);
        if (before?.Status != JobStatus.Completed && Job.Status == JobStatus.Completed)
        {
            Assert.Null(_completed);
            _completed = Job;
        }

        return true;
    }

    private static RetryTerms Terms(Word word) => new(null, word.Draw, (word.Choice / 32 % 3) switch { 0 => null, 1 => true, _ => false });

    private FailureReport FailureOf(Word word)
    {
        long? retryAfter = (word.Choice / 8) % 4 switch { 0 => null, 1 => 0, 2 => 5_000, _ => long.MaxValue };
        return Samples.Failure(ReportedClasses.All[word.Choice % ReportedClasses.All.Count], retryAfterMs: retryAfter);
    }

    private GrantToken TokenOf(Speaker speaker) => speaker switch
    {
        Speaker.Current when _tokens.Count > 0 => _tokens[^1],
        Speaker.Stale when _tokens.Count > 1 => _tokens[^2],
        Speaker.Foreign when _tokens.Count > 0 => _tokens[^1] with { OperationId = NextOperation() },
        _ => default,
    };

    private string SessionOf(int which, bool former) =>
        $"{which}.{(former && _incarnations[which] > 0 ? _incarnations[which] - 1 : _incarnations[which])}";

    private Guid NextOperation() => new(++_operations, 0, 0, new byte[8]);
}

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
    private readonly ReadyOrder _order;
    private long _clock = Samples.Start;
    private long _version;
    private int _operations;
    private Guid _operation;
    private JobRecord? _completed;

    public JobLife(Wishes wishes)
    {
        _attemptLimit = wishes.AttemptLimit;
        var created = JobDecisions.Create(wishes.Submission(), 7, _clock, Samples.AttemptTimeout);
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
            case WordKind.Cancel:
                Cancel(job);
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
        var change = JobDecisions.SessionEnded(job, session, "lost", _clock);
        Assert.Equal(job.Status.IsGranted() && job.LastGrant!.SessionId == session, change is not null);
        if (change is null)
            return;
        Write(change, Mover.Recovery);
        WasTakenBack(job);
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
        Assert.Equal(job.Status.IsGranted() ? job.Status : JobStatus.Cancelled, Job.Status);
    }

    private void Due(JobRecord job)
    {
        var change = JobDecisions.Due(job, _clock);
        Assert.Equal(JobDue.Next(job) <= _clock, change is not null);
        if (change is null)
            return;
        Assert.Equal(JobDue.Next(job), change.NotBefore);
        Assert.Equal(job.Status.IsFinal(), change.After is null);
        Assert.True(change.After is null || change.After.Attempt == job.Attempt);
        Write(change, Mover.Wheel);
        if (job.CancelRequestedAt is not null)
            Assert.Equal(JobStatus.Cancelled, Job!.Status);
    }

    private void Report(JobRecord job, Word word)
    {
        var token = TokenOf(word.Speaker);
        var last = _tokens.Count > 0 && token == _tokens[^1];
        var holds = last && job.Status.IsGranted();
        var asked = job.CancelRequestedAt is not null;
        var (outcome, change) = word.Kind switch
        {
            WordKind.Begin => JobDecisions.Begin(job, token, _clock),
            WordKind.Checkpoint => JobDecisions.Checkpoint(job, token, [1, 2, 3]),
            WordKind.Complete => JobDecisions.Complete(job, token, new() { Result = Samples.Json("{\"n\":" + word.Choice + "}"), DurationMs = word.Choice % 500 }, _clock),
            WordKind.Fail => JobDecisions.Fail(job, token, FailureOf(word), _clock, word.Draw),
            _ => JobDecisions.Stopped(job, token, (StopReason)(1 + (word.Choice % 3)), _clock),
        };
        var repeated = last && job.Status != JobStatus.Completed ? ReportOutcome.Accepted : ReportOutcome.Stale;
        var (expected, changes) = word.Kind switch
        {
            WordKind.Begin when holds => (asked ? ReportOutcome.StopRequested : ReportOutcome.Accepted, !asked && job.Status == JobStatus.Assigned),
            WordKind.Checkpoint when holds => (asked ? ReportOutcome.StopRequested : ReportOutcome.Accepted, true),
            WordKind.Complete when last => (job.Status.IsFinal() && job.Status != JobStatus.Completed ? ReportOutcome.Stale : ReportOutcome.Accepted, !job.Status.IsFinal()),
            WordKind.Fail or WordKind.Stopped => holds ? (ReportOutcome.Accepted, true) : (repeated, false),
            _ => (ReportOutcome.Stale, false),
        };
        Assert.Equal(expected, outcome);
        Assert.Equal(changes, change is not null);
        if (change is null || !Write(change, Mover.Worker))
            return;
        if (word.Kind == WordKind.Complete)
            Assert.Equal(JobStatus.Completed, Job!.Status);
        if (word.Kind == WordKind.Stopped)
            WasTakenBack(job);
        else
            Assert.Equal(job.Attempt, Job!.Attempt);
        if (word.Kind is WordKind.Fail && asked)
            Assert.Equal(JobStatus.Cancelled, Job!.Status);
    }

    /// <summary>Back at its place with an attempt less, or cancelled where that was asked for.</summary>
    private void WasTakenBack(JobRecord before)
    {
        var cancelled = before.CancelRequestedAt is not null;
        Assert.Equal(cancelled ? JobStatus.Cancelled : JobStatus.Pending, Job!.Status);
        Assert.Equal(cancelled ? before.Attempt : before.Attempt - 1, Job.Attempt);
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
            Assert.Equal(Mover.Wheel, mover);
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

        Assert.False(before?.Status.IsFinal() ?? false, "a final job changed");
        Assert.Equal((before?.Epoch ?? 0) + (mover == Mover.Queue ? 1 : 0), Job.Epoch);
        Assert.Equal(_order, Job.Order);
        Assert.InRange(Job.Attempt, 0, _attemptLimit);
        if (Job.Status == JobStatus.Completed)
        {
            Assert.Null(_completed);
            _completed = Job;
        }

        return true;
    }

    private FailureReport FailureOf(Word word)
    {
        long? retryAfter = (word.Choice / 8) % 4 switch { 0 => null, 1 => 0, 2 => 5_000, _ => long.MaxValue };
        return Samples.Failure(FailureClasses.All[word.Choice % FailureClasses.All.Count], retryAfterMs: retryAfter);
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

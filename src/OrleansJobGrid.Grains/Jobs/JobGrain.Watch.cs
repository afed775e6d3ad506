using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Progress, which lives in memory only, and those who watch it.</summary>
internal sealed partial class JobGrain
{
    private TaskCompletionSource? _changed;
    private int _watchers;
    private double _percent;
    private string? _message;
    private long _progressNumber;

    public async Task<ReportOutcome> Progress(GrantToken token, double percent, string? message)
    {
        if (await Load() is { } remembered && !(remembered.Status.IsGranted() && remembered.Token == token))
            _loaded = false;
        if (await Load() is not { } job)
            return ReportOutcome.Gone;
        switch (JobDecisions.DirectiveFor(job, token))
        {
            case Directive.CancelYours:
                return ReportOutcome.Stale;
            case Directive.LeaveIt:
                return ReportOutcome.LeaveIt;
        }

        _percent = Math.Clamp(percent, _percent, 100);
        _message = message;
        _progressNumber++;
        Seen();
        return job.StopRequested ? ReportOutcome.StopRequested : ReportOutcome.Accepted;
    }

    public async Task<JobView?> Watch(long seenVersion, long seenProgress, TimeSpan wait)
    {
        _watchers++;
        try
        {
            _changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            var changed = _changed.Task;
            if (await Load() is null)
                return null;
            if (_version == seenVersion && _progressNumber == seenProgress && wait > TimeSpan.Zero)
            {
                await polls.Wait(changed, wait);
                // Another activation or silo may have moved the job: what is shown after a quiet wait is the store's word.
                if (!changed.IsCompleted && !_record!.Status.IsGranted())
                    _loaded = false;
                if (await Load() is null)
                    return null;
            }

            var view = JobViews.Of(JobId, _version, _record!);
            return _record!.Status.IsGranted()
                ? view with { Progress = _percent, ProgressMessage = _message, ProgressNumber = _progressNumber }
                : view with { ProgressNumber = _progressNumber };
        }
        finally
        {
            _watchers--;
            if (_record is not { } record || !record.Status.IsGranted())
                LeaveIfIdle();
        }
    }

    /// <summary>Tells the watchers; a new grant starts from zero.</summary>
    private void Seen()
    {
        if (_record is { Status: JobStatus.Assigned })
            (_percent, _message) = (0, null);
        _changed?.SetResult();
        _changed = null;
    }
}

using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Progress and unfinished pictures, which live in memory only, and those who watch them.</summary>
internal sealed partial class JobGrain
{
    /// <summary>A watcher comes again within its wait; one that comes no more has left.</summary>
    private const long PreviewsWantedForMs = 30_000;

    private TaskCompletionSource? _changed;
    private TaskCompletionSource? _shown;
    private int _watchers;
    private double _percent;
    private string? _message;
    private long _progressNumber;
    private JobPreview? _preview;
    private long _previewNumber;
    private long? _previewsAskedAt;

    public async Task<ProgressAnswer> Progress(GrantToken token, double percent, string? message)
    {
        if (await Load() is { } remembered && !(remembered.Status.IsGranted() && remembered.Token == token))
            _loaded = false;
        if (await Load() is not { } job)
            return new(ReportOutcome.Gone);
        LeaveIfIdle(job);
        switch (JobDecisions.DirectiveFor(job, token))
        {
            case Directive.CancelYours:
                return new(ReportOutcome.Stale);
            case Directive.LeaveIt:
                return new(ReportOutcome.LeaveIt);
        }

        _percent = Math.Clamp(percent, _percent, 100);
        _message = message;
        _progressNumber++;
        Seen();
        var wanted = _previewsAskedAt is { } asked && lanes.Clock.Now - asked < PreviewsWantedForMs;
        return new(job.StopRequested ? ReportOutcome.StopRequested : ReportOutcome.Accepted, wanted);
    }

    public async Task Preview(GrantToken token, JobPreview preview)
    {
        var job = await Load();
        LeaveIfIdle(job);
        if (job is null || !job.Status.IsGranted() || job.Token != token)
            return;
        _preview = preview;
        _previewNumber++;
        _shown?.SetResult();
        _shown = null;
    }

    public async Task<JobView?> Watch(long seenVersion, long seenProgress, TimeSpan wait, long? seenPreview = null)
    {
        _watchers++;
        try
        {
            _changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task changed = _changed.Task;
            if (seenPreview is not null)
            {
                _previewsAskedAt = lanes.Clock.Now;
                _shown ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = Task.WhenAny(changed, _shown.Task);
            }

            if (await Load() is null)
                return null;
            if (_version == seenVersion && _progressNumber == seenProgress && (seenPreview ?? _previewNumber) == _previewNumber && wait > TimeSpan.Zero)
            {
                await polls.Wait(changed, wait);
                // Another activation or silo may have moved the job: what is shown after a quiet wait is the store's word.
                if (!changed.IsCompleted && !_record!.Status.IsGranted())
                    _loaded = false;
                if (await Load() is null)
                    return null;
            }

            var view = JobViews.Of(JobId, _version, _record!) with { ProgressNumber = _progressNumber, PreviewNumber = _previewNumber };
            if (!_record!.Status.IsGranted())
                return view;
            view = view with { Progress = _percent, ProgressMessage = _message };
            return seenPreview is { } seen && seen != _previewNumber ? view with { Preview = _preview } : view;
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
            (_percent, _message, _preview) = (0, null, null);
        _changed?.SetResult();
        _changed = null;
    }
}

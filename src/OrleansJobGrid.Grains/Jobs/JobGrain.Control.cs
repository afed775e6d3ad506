using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Requests of people.</summary>
internal sealed partial class JobGrain
{
    public Task<ControlAnswer> Cancel(string reason) => Control(job => JobDecisions.Cancel(job, reason, lanes.Clock.Now));

    public Task<ControlAnswer> Pause(string reason) => Control(job => JobDecisions.Pause(job, reason, lanes.Clock.Now));

    public Task<ControlAnswer> Resume(string reason) => Control(job => JobDecisions.Resume(job, reason, lanes.Clock.Now));

    public Task<ControlAnswer> Retry(string reason) => Control(job => JobDecisions.Retry(job, reason, lanes.Clock.Now));

    public Task<ControlAnswer> Resolve(Resolution resolution, string reason, byte[]? result) =>
        Control(job => JobDecisions.Resolve(job, resolution, reason, result, lanes.Clock.Now));

    public Task<ControlAnswer> Purge() => Control(job => JobDecisions.Purge(job, lanes.Clock.Now));

    private async Task<ControlAnswer> Control(Func<JobRecord, (ControlAnswer Answer, JobChange? Change)> decide)
    {
        ControlAnswer? answer = null;
        var (record, refusal) = await Change(job =>
        {
            (answer, var change) = decide(job);
            return (job, change);
        });
        if (record is null)
            return new(false, false, default, $"There is no job '{JobId}'.");
        if (refusal is not null)
            return new(true, false, record.Status, $"The store refused it: {refusal}. Ask again.");
        // The order may have been lost when it was asked for the first time.
        if (_record is { StopRequested: true } asked && asked.Status.IsGranted())
            Stop(asked, "the job was asked to stop");
        LeaveIfIdle(record);
        return answer!;
    }
}

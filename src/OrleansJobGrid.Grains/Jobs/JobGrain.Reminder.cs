using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// The job's own reminder for a backoff of 60 s and more. The wheel holds the same wait durably, so a reminder that is lost, late
/// or doubled changes nothing.
/// </summary>
internal sealed partial class JobGrain
{
    private const string BackoffReminder = "backoff";
    private const long ReminderFromMs = 60_000;
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(1);

    public async Task ReceiveReminder(string reminderName, Orleans.Runtime.TickStatus status)
    {
        if (await Load() is not { Status: JobStatus.Retrying })
        {
            await reminders.Unregister(this, BackoffReminder);
            LeaveIfIdle();
            return;
        }

        await OnDue();
    }

    private async Task Remind(JobRecord before, JobRecord? after)
    {
        if (after is { Status: JobStatus.Retrying, RetryAt: { } retryAt } && retryAt - lanes.Clock.Now >= ReminderFromMs)
        {
            try
            {
                await reminders.Register(this, BackoffReminder, TimeSpan.FromMilliseconds(retryAt - lanes.Clock.Now), ReminderPeriod);
            }
            catch (Orleans.Runtime.ReminderException e)
            {
                logger.ReminderFailed(JobId, e);
            }
        }
        else if (before is { Status: JobStatus.Retrying, RetryAt: { } was, Failures: { Count: > 0 } failures } && was - failures[^1].At >= ReminderFromMs)
        {
            await reminders.Unregister(this, BackoffReminder);
        }
    }
}

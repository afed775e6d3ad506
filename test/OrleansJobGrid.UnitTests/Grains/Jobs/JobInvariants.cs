using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

/// <summary>What holds of every job at every time, in its record and in its store.</summary>
internal static class JobInvariants
{
    public static void Hold(JobRecord? job, JobStoreModel store, string id)
    {
        if (job is null)
        {
            Assert.Null(store.Find(id));
            Assert.Empty(store.Entries);
            Assert.Empty(store.Ready);
            return;
        }

        FieldsFitTheState(job);
        StoreAgrees(job, store, id);
        LogIsWhole(job, store, id);
        TimeGoesOn(job);
    }

    private static void FieldsFitTheState(JobRecord job)
    {
        var status = job.Status;
        Assert.Equal(status.IsFinal(), job.FinishedAt is not null);
        Assert.Equal(status == JobStatus.Retrying, job.RetryAt is not null);
        Assert.True(!job.StopRequested || status.IsGranted() || status == JobStatus.Reconciling, "a request outlived its attempt");
        Assert.Equal(status == JobStatus.Reconciling, job.Inquiry is not null);
        Assert.Equal(status == JobStatus.Paused, job.PausedAt is not null);
        Assert.True(status != JobStatus.Reconciling || JobDecisions.Open(job).Any(), "nothing is left to be asked about");
        Assert.Equal(status.IsDeadLetter(), job.Fingerprint is not null);
        Assert.InRange(job.Rescues, 0, RecoveryPolicy.Default.Rescues);
        Assert.True(job.StaleCheckAt is null || JobDecisions.Overdue(job).Any(), "a check of nothing");
        Assert.True(job.DelayedUntil is null || status == JobStatus.Pending);
        Assert.Equal(job.Epoch > 0, job.LastGrant is not null);
        Assert.True(job.Epoch > 0 || !status.IsGranted());
        Assert.True(job.StartedAt is null || job.StartedAt >= job.CreatedAt);
    }

    private static void StoreAgrees(JobRecord job, JobStoreModel store, string id)
    {
        var stored = store.Find(id)!.Record;
        Assert.Equal(Ops.Text(stored), Ops.Text(JobRecordFormat.Write(JobRecordFormat.Read(id, stored))));
        Assert.Equal(Ops.Text(stored), Ops.Text(JobRecordFormat.Write(job)));
        var expected = JobIndexes.Of(job).Select(e => (e.Index, id, e.Score)).Order();
        Assert.Equal(expected, store.Entries.Order());
        if (!job.IsReady)
        {
            Assert.Empty(store.Ready);
            return;
        }

        var (queue, ready) = Assert.Single(store.Ready);
        var entry = JobIndexes.ReadyOf(job)!;
        Assert.Equal((entry.Queue, entry.Order, entry.Signature, entry.Customer), (queue, ready.Order, ready.Signature, ready.Customer));
    }

    private static void LogIsWhole(JobRecord job, JobStoreModel store, string id)
    {
        var events = store.Events(id).Select(e => JobRecordFormat.ReadEvent(Ops.Bytes(e))).ToList();
        Assert.Equal(job.EventCount, events.Count);
        var status = default(JobStatus);
        for (var i = 0; i < events.Count; i++)
        {
            var said = events[i];
            Assert.Equal(i + 1, said.Sequence);
            Assert.Equal(status, said.From);
            Assert.True(i == 0 || said.At >= events[i - 1].At, "the log goes back in time");
            if (said.To != said.From)
                Assert.Contains(JobTransitions.All, t => (t.From ?? default) == said.From && t.To == said.To);
            status = said.To;
        }

        Assert.Equal(job.Status, status);
        Assert.Equal((job.Attempt, job.Epoch), (events[^1].Attempt, events[^1].Epoch));
    }

    /// <summary>Nothing is due before its time, and time alone brings every job to an end and its record out of the store.</summary>
    private static void TimeGoesOn(JobRecord job)
    {
        Assert.Null(JobDecisions.Due(job, RecoveryPolicy.Default, JobDue.Next(job) - 1));
        Assert.InRange(JobDue.Next(job), job.CreatedAt, OperationRules.ScoreBound - 1);
        var now = job;
        for (var step = 0; step < 400; step++)
        {
            var change = JobDecisions.Due(now, RecoveryPolicy.Default, JobDue.Next(now));
            Assert.NotNull(change);
            if (change.After is not { } after)
                return;
            Assert.True(JobDue.Next(after) >= JobDue.Next(now), $"time goes back from {JobDue.Next(now)} of {now} to {JobDue.Next(after)} of {after}");
            now = after;
        }

        Assert.Fail($"After 400 due times the job of {job.Status.Name()} is {now.Status.Name()} and still there.");
    }
}

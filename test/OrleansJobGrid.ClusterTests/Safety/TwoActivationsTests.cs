using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Safety;

/// <summary>Two clusters over one store have two activations of every job and every queue: what a cluster shows for a moment at worst.</summary>
public sealed class TwoActivationsTests
{
    private const int LostRace = 1202;

    [Fact]
    public async Task Of_two_activations_of_a_job_that_act_at_once_one_grants_and_one_completion_counts()
    {
        await using var store = await GridStore.OpenAsync();
        await using var a = await GridCluster.StartAsync(store: store);
        await using var b = await GridCluster.StartAsync(store: store);
        var jobs = Submissions.Jobs("job", 200);
        await a.SubmitAsync(jobs);
        // Writes that wait a little let both activations decide on the same version.
        store.Faulty.Arm(StoreFault.Delay, -1, c => c.Method == nameof(IJobStore.ApplyAsync), TimeSpan.FromMilliseconds(10));

        GridCluster[] callers = [a, b, a, b];
        var starts = await Task.WhenAll(jobs.Select(j => Task.WhenAll(callers.Select((c, i) => c.Job(j.Id).TryStart(new($"w{i}", $"s{i}"))))));

        var grants = starts.Select(s => Assert.Single(s, x => x.Grant is not null).Grant!).ToList();
        Assert.All(starts, s => Assert.Equal(3, s.Count(x => x.Refusal is not null)));
        Assert.All(grants, g => Assert.Equal(1, g.Token.Epoch));
        var raced = a.Log.Count(LostRace) + b.Log.Count(LostRace);
        Assert.True(raced > 0, "No activation lost a race, so the test forced nothing.");
        Eventually.Report($"{raced} races lost while starting 200 jobs");

        var forged = await Task.WhenAll(grants.Select(g => b.Job(g.JobId).Complete(g.Token with { OperationId = Guid.NewGuid() }, new())));
        Assert.All(forged, o => Assert.Equal(ReportOutcome.Stale, o));
        var ends = await Task.WhenAll(grants.SelectMany(g => callers.Select(c => c.Job(g.JobId).Complete(g.Token, new()))));
        Assert.All(ends, o => Assert.Equal(ReportOutcome.Accepted, o));
        store.Faulty.Disarm();
        await store.AssertEachCompletedOnceAsync([.. jobs.Select(j => j.Id)]);
    }

    [Fact]
    public async Task An_activation_whose_memory_is_old_refuses_nobody_without_asking_the_store()
    {
        await using var store = await GridStore.OpenAsync();
        await using var a = await GridCluster.StartAsync(store: store);
        await using var b = await GridCluster.StartAsync(store: store);
        await a.SubmitAsync(Submissions.Job("job"));

        var first = (await a.Job("job").TryStart(new("w1", "s1"))).Grant!;
        Assert.Equal(ReportOutcome.Accepted, await b.Job("job").Stopped(first.Token, StopReason.NotBegun));
        // The first activation remembers the job as granted.
        var second = (await a.Job("job").TryStart(new("w2", "s2"))).Grant;
        Assert.Equal(2, second?.Token.Epoch);

        Assert.Equal(ReportOutcome.Accepted, await b.Job("job").Stopped(second!.Token, StopReason.NotBegun));
        var third = (await b.Job("job").TryStart(new("w3", "s3"))).Grant!;
        // The first activation remembers the second grant as the last one.
        Assert.Equal(ReportOutcome.Accepted, (await a.Job("job").Progress(third.Token, 50, null)).Outcome);
        Assert.Equal(ReportOutcome.Accepted, await a.Job("job").Complete(third.Token, new()));
        await store.AssertEachCompletedOnceAsync(["job"]);
    }

    [Fact]
    public async Task A_watched_activation_that_lost_a_race_answers_without_waiting_for_its_watcher()
    {
        await using var store = await GridStore.OpenAsync();
        await using var a = await GridCluster.StartAsync(store: store);
        await using var b = await GridCluster.StartAsync(store: store);
        await a.SubmitAsync(Submissions.Job("job"));
        var seen = (await a.Job("job").Watch(0, 0, TimeSpan.Zero))!;
        var watching = a.Job("job").Watch(seen.Version, seen.ProgressNumber, TimeSpan.FromSeconds(25));

        var grant = (await b.Job("job").TryStart(new("w", "s"))).Grant!;
        Assert.Null((await a.Job("job").TryStart(new("late", "late"))).Grant);
        Assert.Equal(JobStatus.Assigned, (await watching.Within("the watcher hears of the lost race", TimeSpan.FromSeconds(10)))!.Status);
        Assert.Equal(ReportOutcome.Accepted, await a.Job("job").Complete(grant.Token, new()).Within("the next call is answered", TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_silo_that_has_not_heard_the_time_yet_does_not_date_a_grant_wrongly()
    {
        await using var store = await GridStore.OpenAsync();
        await using var a = await GridCluster.StartAsync(store: store);
        await a.SubmitAsync(Submissions.Job("job"));
        store.Faulty.Arm(StoreFault.ThrowBefore, -1, c => c.Method is nameof(IJobStore.MarkPassAsync));
        await using var b = await GridCluster.StartAsync(store: store);
        var before = store.Now;
        Assert.NotNull((await b.Job("job").TryStart(new("w", "s"))).Grant);
        Assert.InRange((await store.ReadAsync("job"))!.LastGrant!.At, before - 1_000, store.Now + 1_000);
    }

    [Fact]
    public async Task Two_views_of_one_queue_that_grant_to_their_own_workers_run_every_job_once()
    {
        const int Count = 300;
        await using var store = await GridStore.OpenAsync();
        await using var a = await GridCluster.StartAsync(store: store);
        await using var b = await GridCluster.StartAsync(store: store);
        var ofA = TestConnector.Completing();
        var ofB = TestConnector.Completing();
        var jobs = Submissions.Jobs("job", Count);
        await a.SubmitAsync(jobs[..200]);
        // Activated now, both views hold the same entries.
        await a.Queue().Describe();
        await b.Queue().Describe();

        await a.StartWorkerAsync("worker-a", 4, ofA);
        await b.StartWorkerAsync("worker-b", 4, ofB);
        foreach (var part in jobs[200..].Chunk(10))
            await b.SubmitAsync(part);

        await a.CompletedAsync(Count, "two views grant", TimeSpan.FromSeconds(60));
        var runs = ofA.Executions.Concat(ofB.Executions).Select(e => e.JobId).ToList();
        Assert.Equal(Count, runs.Count);
        Assert.Equal(Count, runs.Distinct().Count());
        Assert.NotEmpty(ofA.Executions);
        Assert.NotEmpty(ofB.Executions);
        Assert.All((await store.ReadAllAsync()).Values, j => Assert.Equal(1, j.Epoch));
        await store.AssertEachCompletedOnceAsync([.. jobs.Select(j => j.Id)]);
        Eventually.Report($"{ofA.Executions.Count} jobs by one view's worker, {ofB.Executions.Count} by the other's");
    }
}

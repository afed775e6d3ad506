using OrleansJobGrid.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.Client;

public sealed class WorkerRequestTests
{
    [Fact]
    public async Task DrainResumeForget_GoToTheWorkerWithWhatIsGiven()
    {
        await using var grid = await CannedGrid.StartAsync("""{"success":true,"worker_id":"gpu-7:0","message":"done"}""");
        var answer = await grid.Client.DrainWorkerAsync("gpu-7:0", TimeSpan.FromSeconds(1.5), "spot notice", TestContext.Current.CancellationToken);
        await grid.Client.DrainWorkerAsync("w", cancellationToken: TestContext.Current.CancellationToken);
        await grid.Client.ResumeWorkerAsync("w", TestContext.Current.CancellationToken);
        await grid.Client.ForgetWorkerAsync("w", TestContext.Current.CancellationToken);
        Assert.Equal(new WorkerControl("gpu-7:0", "done"), answer);
        Assert.Equal(
            [
                ("POST", "/api/workers/gpu-7:0/drain", """{"deadline_seconds":1.5,"reason":"spot notice"}"""), ("POST", "/api/workers/w/drain", "{}"),
                ("POST", "/api/workers/w/resume", ""), ("DELETE", "/api/workers/w", ""),
            ],
            grid.Requests.Select(r => (r.Method, Uri.UnescapeDataString(r.Target), r.Text)));
        Assert.Equal("application/json", grid.Requests[0].ContentType);
    }

    [Fact]
    public async Task PauseAndResumeOfAQueue_GoToTheQueueWithTheReason()
    {
        await using var grid = await CannedGrid.StartAsync("""{"success":true,"queue":"a:1","message":"done","paused_since":"2026-01-02T03:04:05.678Z"}""");
        var answer = await grid.Client.PauseQueueAsync("a:1", "by day", TestContext.Current.CancellationToken);
        await grid.Client.PauseQueueAsync("q", cancellationToken: TestContext.Current.CancellationToken);
        await grid.Client.ResumeQueueAsync("q", TestContext.Current.CancellationToken);
        Assert.Equal(new QueueControl("a:1", "done", new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero)), answer);
        Assert.Equal(
            [("POST", "/api/queues/a:1/pause", """{"reason":"by day"}"""), ("POST", "/api/queues/q/pause", ""), ("POST", "/api/queues/q/resume", "")],
            grid.Requests.Select(r => (r.Method, Uri.UnescapeDataString(r.Target), r.Text)));
    }

    [Fact]
    public async Task GetQueues_BringsTheirPauses()
    {
        await using var grid = await CannedGrid.StartAsync("""
            {"queues":[{"name":"night","depth":3,"waiting_workers":0,"paused_since":"2026-01-02T03:04:05.678Z","pause_reason":"by day"},{"name":"q","depth":0,"waiting_workers":1,"paused_since":null,"pause_reason":null}]}
            """);
        var queues = (await grid.Client.GetQueuesAsync(TestContext.Current.CancellationToken)).Queues;
        Assert.Equal([("night", 678, "by day"), ("q", null, null)], queues.Select(q => (q.Name, q.PausedSince?.Millisecond, q.PauseReason)));
        Assert.All(queues, q => Assert.Null(q.More));
    }

    [Fact]
    public async Task ForgetWorker_ThatLives_ThrowsTheRefusal()
    {
        await using var grid = await CannedGrid.StartAsync("""{"title":"No","status":409,"detail":"Worker 'w' lives."}""", 409, "application/problem+json");
        var refused = await Assert.ThrowsAsync<JobGridException>(() => grid.Client.ForgetWorkerAsync("w", TestContext.Current.CancellationToken));
        Assert.Equal(409, refused.Status);
        Assert.Contains("Worker 'w' lives.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetWorkers_BringsGpuModelsCapabilitiesAndDoubts()
    {
        await using var grid = await CannedGrid.StartAsync("""
            {"workers":[{"worker_id":"w","node":"n","services":[],"slots":1,"jobs":[],"state":"drained","capabilities":{"region":"eu"},
              "gpu":{"uuid":"GPU-1","name":"g","architecture":"ada","driver":"570","memory_total_mb":24564,"memory_free_mb":20000,"utilization_percent":null,"temperature_celsius":41,"processes":2,"fault":null},
              "loaded_models":["sdxl"],"model_loads":3,"last_seen_at":"2026-01-02T03:04:05.678Z","drain_reason":"r","doubts":["d"]}]}
            """);
        var worker = Assert.Single((await grid.Client.GetWorkersAsync(TestContext.Current.CancellationToken)).Workers);
        Assert.Equal("eu", worker.Capabilities!.Value.GetProperty("region").GetString());
        Assert.Equal(new WorkerGpu("GPU-1", "g", "ada", "570", 24_564, 20_000, null, 41, 2, null), worker.Gpu);
        Assert.Equal(("sdxl", 3, "r", "d", 678), (worker.LoadedModels![0], worker.ModelLoads, worker.DrainReason, worker.Doubts![0], worker.LastSeenAt!.Value.Millisecond));
        Assert.Null(worker.More);
    }

    [Fact]
    public async Task GetModelsAndGetDemand_BringEveryFigure()
    {
        await using var grid = await CannedGrid.StartAsync("""
            {"models":[{"kind":"model","name":"sdxl","workers":["w-1"],"loaded_on":["w-1"],"waiting_jobs":7,"lacked_by":2}],
             "demand":[{"class":"c","jobs":12,"work_seconds":480.5,"oldest_seconds":61,"workers":2,"wanted_workers":5,"paused_jobs":7}]}
            """);
        var model = Assert.Single((await grid.Client.GetModelsAsync(TestContext.Current.CancellationToken)).Models);
        Assert.Equal(("model", "sdxl", "w-1", "w-1", 7, 2), (model.Kind, model.Name, model.Workers[0], model.LoadedOn[0], model.WaitingJobs, model.LackedBy));
        Assert.Equal(new GridDemand("c", 12, 480.5, 61, 2, 5) { PausedJobs = 7 }, Assert.Single((await grid.Client.GetDemandAsync(TestContext.Current.CancellationToken)).Demand));
        Assert.Equal(["/api/models", "/api/demand"], grid.Requests.Select(r => r.Target));
    }

    [Fact]
    public async Task Why_BringsWhatIsKnownAndNullForTheRest()
    {
        await using var grid = await CannedGrid.StartAsync("""
            {"success":true,"job_id":"a","status":"pending","summary":"s","workable":true,"workers":{"registered":4,"live":3,"matching":2,"free":1},
             "clauses":[{"clause":"models","workers":1,"detail":"lacks x","examples":["w"]}],"position":3,"position_is_at_least":true,"seconds_ahead":1.5,
             "run":{"p50_seconds":40,"p90_seconds":61,"measured":12},"envelope":null,"customer_held":null,"not_now":[{"reason":"r","workers":2}],
             "start":{"p50_seconds":180,"p90_seconds":null},"timestamp":"2026-01-02T03:04:05.678Z"}
            """);
        var why = await grid.Client.WhyAsync("a", TestContext.Current.CancellationToken);
        Assert.Equal((new JobWhyWorkers(4, 3, 2, 1), new JobWhyRun(40, 61, 12), new JobWhyStart(180, null)), (why.Workers, why.Run, why.Start));
        Assert.Equal((3, true, 1.5, "w"), (why.Position, why.PositionIsAtLeast, why.SecondsAhead, why.Clauses![0].Examples![0]));
        Assert.Equal(new JobWhyNotNow("r", 2), why.NotNow![0]);
        Assert.Null(why.Envelope);
        Assert.Null(why.CustomerHeld);
    }
}

using System.Text;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.A1111;
using OrleansJobGrid.TestKit.Connectors;
using OrleansJobGrid.TestService.A1111;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.A1111;

/// <summary>What AUTOMATIC1111 does that others do not.</summary>
public sealed class A1111Tests : IAsyncDisposable
{
    private readonly List<A1111Connector> _connectors = [];
    private A1111Server _server = new(A1111Edition.V18);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pictures_come_home_with_their_seeds_and_the_model_is_switched_for_the_job()
    {
        var connector = await ConnectAsync();
        var job = Job("""{"operation": "txt2img", "model": "sdxl", "request": {"prompt": "a cat", "batch_size": 2}}""");
        var result = Assert.IsType<CompletedResult>(await connector.ExecuteAsync(job, Cancellation));

        Assert.Equal(["image-001.png", "image-002.png"], result.Outputs.Select(o => o.Name));
        Assert.Equal("[7,8]", result.Result!["seeds"]!.ToJsonString());
        Assert.Equal("sdxl", result.Result["model"]!.GetValue<string>());
        var sent = _server.Bodies.Single();
        Assert.Equal(job.Submitted.Single().ExternalId, sent["force_task_id"]!.GetValue<string>());
        Assert.Equal("sdxl.safetensors [31e35c80fc]", sent["override_settings"]!["sd_model_checkpoint"]!.GetValue<string>());
        Assert.Equal((true, false, false), (sent["send_images"]!.GetValue<bool>(), sent["save_images"]!.GetValue<bool>(), sent["override_settings_restore_afterwards"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task Input_pictures_go_along_and_extras_bring_one_home()
    {
        var connector = await ConnectAsync();
        var files = new FakeJobFiles();
        files.Inputs["in"] = [1, 2, 3];
        Assert.IsType<CompletedResult>(await connector.ExecuteAsync(
            Job("""{"operation": "img2img", "request": {"prompt": "x"}, "inputs": {"init_images": ["in"], "mask": "in"}}""", files), Cancellation));
        Assert.Equal(("""["AQID"]""", "AQID"), (_server.Bodies.Last()["init_images"]!.ToJsonString(), _server.Bodies.Last()["mask"]!.GetValue<string>()));
        var extras = await connector.ExecuteAsync(Job("""{"operation": "extras", "request": {"upscaling_resize": 2}, "inputs": {"image": "in"}}""", files, "job-2"), Cancellation);
        Assert.Single(Assert.IsType<CompletedResult>(extras).Outputs);
        Assert.Null(_server.Bodies.Last()["force_task_id"]);
    }

    [Theory]
    [InlineData("""{"request": {}}""", "payload.operation")]
    [InlineData("""{"operation": "txt2img", "request": {"force_task_id": "x"}}""", "payload.request.force_task_id")]
    [InlineData("""{"operation": "img2img", "request": {"init_images": ["x"]}}""", "payload.request.init_images")]
    [InlineData("""{"operation": "img2img"}""", "payload.inputs.init_images is missing")]
    [InlineData("""{"operation": "txt2img", "inputs": {"image": "x"}}""", "payload.inputs.image is not for txt2img")]
    [InlineData("""{"operation": "txt2img", "prompt": "x"}""", "payload.prompt is not known")]
    [InlineData("""{"operation": "txt2img", "model": "sdxl", "request": {"override_settings": 1}}""", "payload.request.override_settings")]
    [InlineData("""{"operation": "txt2img", "request": {"a": 1, "a": 2}}""", "payload.request cannot be read")]
    public async Task A_wrong_payload_is_named_and_nothing_is_sent(string payload, string words)
    {
        var failed = Assert.IsType<FailedResult>(await (await ConnectAsync()).ExecuteAsync(Job(payload), Cancellation));
        Assert.Equal(FailureClass.Malformed, failed.Class);
        Assert.Contains(words, failed.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Bodies);
    }

    [Fact]
    public async Task A_model_that_is_not_there_excludes_the_instance_and_one_that_came_since_is_found()
    {
        var connector = await ConnectAsync();
        var job = """{"operation": "txt2img", "model": "flux", "request": {"prompt": "x"}}""";
        var failed = Assert.IsType<FailedResult>(await connector.ExecuteAsync(Job(job), Cancellation));
        Assert.Equal((FailureClass.MissingHere, "model_not_found", "a1111/a"), (failed.Class, failed.Reason, failed.Evidence.Instance));
        Assert.Equal(0, _server.Begun);
        _server.Models.Add("flux.safetensors [aaaaaaaaaa]");
        Assert.IsType<CompletedResult>(await connector.ExecuteAsync(Job(job, id: "job-2"), Cancellation));
    }

    [Fact]
    public async Task Errors_are_told_in_the_servers_words_and_memory_is_freed_after_its_lack()
    {
        var connector = await ConnectAsync();
        var oom = Assert.IsType<FailedResult>(await connector.ExecuteAsync(Job("""{"operation": "txt2img", "request": {"prompt": "oom"}}"""), Cancellation));
        Assert.Equal(FailureClass.ResourceExhaustion, oom.Class);
        Assert.Contains("/sdapi/v1/unload-checkpoint", _server.Requests);
        var sampler = Assert.IsType<FailedResult>(await connector.ExecuteAsync(Job("""{"operation": "txt2img", "request": {"sampler_name": "no-such"}}""", id: "job-2"), Cancellation));
        Assert.Contains("Sampler not found", sampler.Message, StringComparison.Ordinal);
        Assert.NotEqual(FailureClass.Transient, sampler.Class);
        var field = Assert.IsType<FailedResult>(await connector.ExecuteAsync(Job("""{"operation": "txt2img", "request": {"width": "wide"}}""", id: "job-3"), Cancellation));
        Assert.Contains("width", field.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_task_that_stays_active_is_not_taken_for_running()
    {
        var connector = await ConnectAsync();
        var job = Job("""{"operation": "txt2img", "request": {"prompt": "fails"}}""");
        await connector.ExecuteAsync(job, Cancellation);
        Assert.Equal(SubmissionState.Untellable, await StateAsync(connector, job.Submitted.Single().ExternalId));
    }

    [Fact]
    public async Task Work_of_a_worker_that_died_is_waited_for_and_then_nobody_can_tell()
    {
        var connector = await ConnectAsync();
        _server.Hold();
        var posted = await LeftBehindAsync(connector);
        var heir = Connect();
        Assert.Equal(SubmissionState.Running, await StateAsync(heir, posted.ExternalId));
        // The first request goes on in the server; nothing is begun beside it.
        var waiting = heir.ExecuteAsync(new FakeJobContext("""{"operation": "txt2img"}""") { Adopts = posted, UsableInstances = ["a1111/a"] }, Cancellation);
        await UntilAsync(() => _server.Requests.Count(r => r == "/internal/progress") > 5, "it is asked about");
        Assert.False(waiting.IsCompleted);
        _server.Release();
        Assert.IsType<UnsureResult>(await waiting);
        Assert.Equal(SubmissionState.Untellable, await StateAsync(heir, posted.ExternalId));
        Assert.Equal(1, _server.Begun);
    }

    [Theory]
    [InlineData("1.7", true, 0)]
    [InlineData("1.8", true, 1)]
    [InlineData("1.8", false, 0)]
    [InlineData("1.8 --nowebui", true, 0)]
    public async Task An_unfinished_picture_is_made_where_somebody_watches_and_shown_once(string edition, bool wanted, int shown)
    {
        _server = new(A1111Edition.All.Single(e => e.Name == edition));
        var connector = await ConnectAsync();
        _server.Hold();
        var job = new FakeJobContext("""{"operation": "txt2img"}""") { UsableInstances = ["a1111/a"], PreviewsWanted = wanted };
        var running = connector.ExecuteAsync(job, Cancellation);
        var (question, often) = edition == "1.8" ? ("/internal/progress", 6) : ("/sdapi/v1/txt2img", 1);
        await UntilAsync(() => _server.Requests.Count(r => r == question) >= often, "it runs, and is asked about");
        _server.Release();
        Assert.IsType<CompletedResult>(await running);
        Assert.Equal(shown, job.Previews.Count);
        Assert.All(job.Previews, p => Assert.Equal(("preview", "image/png"), (Encoding.ASCII.GetString(p.Picture), p.ContentType)));
    }

    [Fact]
    public async Task A_task_that_loads_its_model_runs_and_is_stopped_as_one_that_draws()
    {
        var connector = await ConnectAsync();
        _server.HoldLoading();
        var posted = await LeftBehindAsync(connector);
        Assert.Equal(SubmissionState.Running, await StateAsync(connector, posted.ExternalId));
        await connector.CancelAsync("a1111/a", posted.Mark, Cancellation);
        Assert.Contains("/sdapi/v1/interrupt", _server.Requests);
        Assert.Equal(0, _server.Live);
    }

    [Fact]
    public async Task Another_worker_stops_what_runs_where_nobody_else_uses_the_instance()
    {
        _server = new(A1111Edition.NoWebUi);
        await _server.ListenAsync();
        var connector = Connect(o => o.Exclusive = true);
        _server.Hold();
        var posted = await LeftBehindAsync(connector);
        await connector.CancelAsync("a1111/a", posted.Mark, Cancellation);
        Assert.Equal(0, _server.Live);
    }

    [Fact]
    public async Task A_sheet_of_the_pictures_is_none_of_them()
    {
        await _server.ListenAsync();
        var result = await Connect(o => o.SaveImages = true).ExecuteAsync(Job("""{"operation": "txt2img", "request": {"batch_size": 2}}"""), Cancellation);
        Assert.Equal(2, Assert.IsType<CompletedResult>(result).Outputs.Count);
    }

    [Fact]
    public async Task A_restart_forgets_tasks_and_the_server_is_looked_at_anew()
    {
        var connector = await ConnectAsync();
        _server.Hold();
        var running = connector.ExecuteAsync(Job("""{"operation": "txt2img"}"""), Cancellation);
        await UntilAsync(() => _server.Begun == 1, "it runs");
        await _server.RestartAsync();
        Assert.IsType<UnsureResult>(await running);
        var looks = _server.Requests.Count(r => r == "/openapi.json");
        _server.Release();
        Assert.IsType<CompletedResult>(await connector.ExecuteAsync(Job("""{"operation": "txt2img"}""", id: "job-2"), Cancellation));
        Assert.Equal(looks + 1, _server.Requests.Count(r => r == "/openapi.json"));
    }

    [Fact]
    public async Task A_stop_of_what_waits_interrupts_nobody_else_and_ends_when_its_turn_was_over()
    {
        var connector = await ConnectAsync();
        _server.Hold();
        var other = connector.ExecuteAsync(Job("""{"operation": "txt2img"}"""), Cancellation);
        await UntilAsync(() => _server.Begun == 1, "another one runs");
        using var stop = new CancellationTokenSource();
        var waiting = connector.ExecuteAsync(Job("""{"operation": "txt2img"}""", id: "job-2"), stop.Token);
        await UntilAsync(() => _server.Live == 2, "it waits");
        await stop.CancelAsync();
        await UntilAsync(() => _server.Requests.Count(r => r == "/internal/progress") > 10, "it is asked about");
        Assert.DoesNotContain("/sdapi/v1/interrupt", _server.Requests);
        Assert.False(waiting.IsCompleted);
        _server.Release();
        Assert.IsType<CompletedResult>(await other);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, _server.Live);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Unfinished_pictures_of_a_job_that_somebody_interrupted_are_no_success(int pictures)
    {
        var connector = await ConnectAsync();
        _server.Hold();
        var running = connector.ExecuteAsync(Job($$$"""{"operation": "txt2img", "request": {"batch_size": {{{pictures}}}}}"""), Cancellation);
        await UntilAsync(() => _server.Begun == 1, "it runs");
        _server.Interrupt();
        var failed = Assert.IsType<FailedResult>(await running);
        Assert.Equal((FailureClass.Transient, "interrupted_outside"), (failed.Class, failed.Reason));
    }

    [Fact]
    public async Task Where_the_server_does_not_tell_whose_work_it_does_nothing_is_interrupted()
    {
        _server = new(A1111Edition.NoWebUi);
        var connector = await ConnectAsync();
        _server.Hold();
        using var stop = new CancellationTokenSource();
        var running = connector.ExecuteAsync(Job("""{"operation": "txt2img"}"""), stop.Token);
        await UntilAsync(() => _server.Begun == 1, "it runs");
        await stop.CancelAsync();
        Assert.Contains("may run on", Assert.IsType<UnsureResult>(await running).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => connector.CancelAsync("a1111/a", "x", Cancellation));
        Assert.DoesNotContain("/sdapi/v1/interrupt", _server.Requests);
        Assert.Equal(ServiceCapabilities.ModelList | ServiceCapabilities.FreeMemory, (await connector.ProveAsync("a1111/a", Cancellation)).Capabilities);
    }

    [Theory]
    [InlineData("<html><body>Bad gateway</body></html>", "text/html")]
    [InlineData("""{"images": []}""", "application/json")]
    [InlineData("""{"images": ["not base64!"]}""", "application/json")]
    [InlineData("""{"images": [7]}""", "application/json")]
    public async Task A_garbled_answer_is_a_failure_that_may_be_tried_again(string body, string type)
    {
        var connector = await ConnectAsync();
        _server.OnAnswer = async http =>
        {
            http.Response.ContentType = type;
            await http.Response.WriteAsync(body, Cancellation);
            return true;
        };
        Assert.Equal(FailureClass.Transient, Assert.IsType<FailedResult>(await connector.ExecuteAsync(Job("""{"operation": "txt2img"}"""), Cancellation)).Class);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connector in _connectors)
            connector.Dispose();
        await _server.DisposeAsync();
    }

    private static FakeJobContext Job(string payload, FakeJobFiles? files = null, string id = "job-1") => new(payload, files, id) { UsableInstances = ["a1111/a"] };

    private static async Task<SubmissionState> StateAsync(A1111Connector connector, string mark) =>
        (await connector.QueryAsync("a1111/a", [mark], Cancellation)).Submissions[mark].State;

    private static async Task UntilAsync(Func<bool> holds, string phase)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20), $"Within 20 s did not come: {phase}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancellation);
        }
    }

    private async Task<A1111Connector> ConnectAsync()
    {
        await _server.ListenAsync();
        return Connect();
    }

    private A1111Connector Connect(Action<A1111Options>? configure = null)
    {
        var options = new A1111Options { PollInterval = TimeSpan.FromMilliseconds(10), RequestTimeout = TimeSpan.FromSeconds(5), Outage = TimeSpan.FromMilliseconds(300) };
        options.Instances["a"] = _server.Url.ToString();
        configure?.Invoke(options);
        _connectors.Add(new(options, TimeProvider.System));
        return _connectors[^1];
    }

    private async Task<Submission> LeftBehindAsync(A1111Connector connector)
    {
        var job = Job("""{"operation": "txt2img"}""");
        job.LeaveRunning = true;
        using var dies = new CancellationTokenSource();
        var running = connector.ExecuteAsync(job, dies.Token);
        await UntilAsync(() => _server.Begun == 1, "it runs");
        await dies.CancelAsync();
        await Record.ExceptionAsync(() => running);
        return job.Submitted.Single();
    }
}

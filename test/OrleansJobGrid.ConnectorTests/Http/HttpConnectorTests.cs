using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Http;

/// <summary>Services that are described by their requests and answers alone.</summary>
public sealed class HttpConnectorTests : HttpTestBase
{
    private const string Done = """{"status": "succeeded", "output": {"n": 7}}""";

    [Fact]
    public async Task Without_a_word_the_payload_is_posted_and_the_answer_is_the_result()
    {
        Routes["POST /"] = Says("""{"seed": 18446744073709551615, "at": "2026-11-26T00:00:00Z"}""");
        var connector = Connect(_ => { });
        var result = Assert.IsType<CompletedResult>(await RunAsync(connector, """{"seed": 18446744073709551615, "scale": 0.1}"""));
        Assert.Equal("""{"seed":18446744073709551615,"scale":0.1}""", Bodies.Single()!.ToJsonString());
        Assert.Equal("""{"seed":18446744073709551615,"at":"2026-11-26T00:00:00Z"}""", result.Result!.ToJsonString());
    }

    [Fact]
    public async Task Places_take_values_of_any_kind_defaults_and_escapes()
    {
        Routes["PUT /draw/a b%2Fc/1"] = Says("1");
        var connector = Connect(o =>
        {
            o.Submit = new() { Method = "PUT", Path = "draw/{{payload.name}}/{{attempt}}?q={{payload.q|none}}", Body = """{"a": "{{payload.list}}", "b": "x {{payload.n}} {{job}}", "c": "{{payload.no}}", "d": "{{payload.no|[1]}}", "f": true}""" };
        });
        Assert.IsType<CompletedResult>(await RunAsync(connector, """{"name": "a b/c", "list": [1, {"z": null}], "n": 2}"""));
        Assert.Equal("PUT /draw/a b%2Fc/1?q=none", Requests.Single());
        Assert.Equal("""{"a":[1,{"z":null}],"b":"x 2 job-1","d":[1],"f":true}""", Bodies.Single()!.ToJsonString());

        var failed = await FailAsync(connector, """{"list": []}""");
        Assert.Equal(FailureClass.Malformed, failed.Class);
        Assert.Contains("payload.name is required", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_a_picture_is_an_output_and_a_page_is_not_a_result()
    {
        Routes["POST /"] = async http =>
        {
            http.Response.ContentType = "image/jpeg";
            await http.Response.Body.WriteAsync(new byte[] { 1, 2, 3 });
        };
        var connector = Connect(_ => { });
        Assert.Equal("output.jpg", Assert.Single(Assert.IsType<CompletedResult>(await RunAsync(connector, "{}")).Outputs).Name);

        Routes["POST /"] = Says("<html><title>Welcome</title></html>", type: "text/html");
        var failed = await FailAsync(connector, "{}");
        Assert.Equal((FailureClass.Transient, "unexpected_response"), (failed.Class, failed.Reason));
        Assert.Contains("text/html", failed.Message, StringComparison.Ordinal);
        Assert.Contains("Welcome", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_are_fetched_where_an_answer_names_them_and_credentials_stay_here()
    {
        var seen = new List<string?>();
        Routes["GET /files/x.png"] = http =>
        {
            seen.Add(http.Request.Headers["X-Key"]);
            return Says("pixels", type: "image/png")(http);
        };
        Routes["POST /"] = Says("""{"images": ["files/x.png", "/files/x.png"], "log": "all well"}""");
        var connector = Connect(o =>
        {
            o.Auth = new() { Kind = HttpAuthKind.Header, Name = "X-Key", Value = "secret" };
            o.Files.Add(new() { Path = "$.images[*]", As = HttpFileKind.Url, Name = "{n}.png" });
            o.Files.Add(new() { Path = "$.log", As = HttpFileKind.Text, Name = "log.txt" });
        });
        var result = Assert.IsType<CompletedResult>(await RunAsync(connector, "{}"));
        Assert.Equal(["1.png", "2.png", "log.txt"], result.Outputs.Select(o => o.Name));
        Assert.Equal(["secret", "secret"], seen);

        Routes["POST /"] = Says("""{"images": ["http://localhost:1/x.png"]}""");
        Assert.Equal("invalid_output", (await FailAsync(connector, "{}")).Reason);
        Routes["POST /"] = Says("""{"images": ["files/none.png"]}""");
        Assert.Equal("output_missing", (await FailAsync(connector, "{}")).Reason);
    }

    [Theory]
    [InlineData(HttpAuthKind.Bearer, "GET /", "Bearer secret")]
    [InlineData(HttpAuthKind.Basic, "GET /", "Basic bmFtZTpzZWNyZXQ=")]
    [InlineData(HttpAuthKind.Query, "GET /?name=secret", "")]
    public async Task Who_it_is_is_said_in_the_usual_ways(HttpAuthKind kind, string request, string header)
    {
        string? said = null;
        Routes["GET /"] = http =>
        {
            said = http.Request.Headers.Authorization;
            return Says("1")(http);
        };
        var connector = Connect(o =>
        {
            o.Auth = new() { Kind = kind, Name = "name", Value = "secret" };
            o.Submit = new() { Method = "GET" };
        });
        Assert.IsType<CompletedResult>(await RunAsync(connector, "{}"));
        Assert.Equal((request, header), (Requests.Single(), said ?? ""));
    }

    [Fact]
    public async Task A_connection_that_is_lost_while_it_works_leaves_the_rest_to_the_grid_unless_it_is_safe_to_repeat()
    {
        Routes["POST /"] = http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        var careful = Connect(_ => { });
        Assert.Contains("was lost while it worked", Assert.IsType<UnsureResult>(await RunAsync(careful, "{}")).Message, StringComparison.Ordinal);
        Assert.Equal(SubmissionState.Untellable, (await careful.QueryAsync("s/a", ["x"], Cancellation)).Submissions["x"].State);

        var safe = Connect(o => o.SafeToRepeat = true);
        Assert.Equal(FailureClass.Transient, (await FailAsync(safe, "{}")).Class);
        Assert.Equal(SubmissionState.Absent, (await safe.QueryAsync("s/a", ["x"], Cancellation)).Submissions["x"].State);

        await VanishAsync();
        Assert.Equal("connection_refused", (await FailAsync(careful, "{}")).Reason);
    }

    [Fact]
    public async Task A_stop_ends_the_request()
    {
        var ended = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        Routes["POST /"] = async http =>
        {
            arrived.SetResult();
            http.RequestAborted.Register(ended.SetResult);
            await ended.Task;
        };
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Connect(_ => { }), "{}", stop.Token);
        await arrived.Task.WaitAsync(Cancellation);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, Cancellation);
    }

    [Fact]
    public async Task A_stream_that_breaks_off_or_tells_of_a_failure_is_no_result()
    {
        var connector = Connect(o =>
        {
            o.Mode = HttpMode.Stream;
            o.Stream = new() { Text = "$.t" };
        });
        Routes["POST /"] = Says("data: {\"t\": \"half\"}\n\n", type: "text/event-stream");
        Assert.Equal((FailureClass.Transient, "truncated_response"), Read(await FailAsync(connector, "{}")));
        Routes["POST /"] = Says("data: {\"error\": {\"message\": \"CUDA out of memory\"}}\n\n", type: "text/event-stream");
        Assert.Equal((FailureClass.ResourceExhaustion, "gpu_memory_full"), Read(await FailAsync(connector, "{}")));
        Routes["POST /"] = Says("data: oops\n\n", type: "text/event-stream");
        Assert.Equal((FailureClass.Transient, "invalid_json"), Read(await FailAsync(connector, "{}")));
    }

    [Fact]
    public async Task A_job_of_an_asynchronous_service_is_asked_about_until_it_is_done()
    {
        var answers = new Queue<string>(["""{"status": "starting"}""", """{"status": "processing", "progress": 0.25, "log": "step 1"}""", Done]);
        Routes["POST /predictions"] = Says("""{"id": "p/1", "status": "starting"}""", 201);
        Routes["GET /predictions/p%2F1"] = http => Says(answers.Count > 1 ? answers.Dequeue() : answers.Peek())(http);
        var connector = Asynchronous("predictions/{{id}}");
        var job = Job(connector, """{"prompt": "a cat"}""");
        var result = Assert.IsType<CompletedResult>(await RunAsync(connector, job));
        Assert.Equal(7, result.Result!["n"]!.GetValue<int>());
        Assert.Contains((25, "step 1"), job.Progress);
    }

    [Theory]
    [InlineData("""{"status": "failed", "error": "CUDA out of memory. Tried to allocate 2.00 GiB"}""", FailureClass.ResourceExhaustion, "gpu_memory_full")]
    [InlineData("""{"status": "failed"}""", FailureClass.Transient, null)]
    [InlineData("""{"status": "canceled"}""", FailureClass.Transient, "cancelled_outside")]
    public async Task How_an_asynchronous_job_ended_badly_is_understood(string answer, FailureClass expected, string? reason)
    {
        Routes["POST /predictions"] = Says("""{"id": "p1"}""");
        Routes["GET /predictions/p1"] = Says(answer);
        var failed = await FailAsync(Asynchronous("predictions/{{id}}"), "{}");
        Assert.Equal(expected, failed.Class);
        if (reason is not null)
            Assert.Equal(reason, failed.Reason);
    }

    [Fact]
    public async Task A_service_that_takes_our_mark_can_be_asked_by_any_worker_and_one_that_does_not_cannot()
    {
        var jobs = new Dictionary<string, string>();
        Routes["POST /predictions"] = http =>
        {
            jobs[Bodies.Last()!["mark"]!.GetValue<string>()] = """{"status": "processing"}""";
            http.Abort();
            return Task.CompletedTask;
        };
        var connector = Asynchronous("predictions/{{mark}}");
        var job = Job(connector, "{}");
        var running = RunAsync(connector, job);
        await UntilAsync(() => jobs.Count == 1, "it was posted");
        var mark = job.Submitted.Single().ExternalId;
        Routes[$"GET /predictions/{mark}"] = http => Says(jobs[mark])(http);
        Assert.Equal(SubmissionState.Running, (await Asynchronous("predictions/{{mark}}").QueryAsync("s/a", [mark], Cancellation)).Submissions[mark].State);
        Assert.Equal(SubmissionState.Untellable, (await Asynchronous("predictions/{{id}}").QueryAsync("s/a", [mark], Cancellation)).Submissions[mark].State);
        jobs[mark] = Done;
        Assert.IsType<CompletedResult>(await running);
        Assert.Single(job.Submitted);
    }

    [Fact]
    public async Task An_id_of_the_services_own_is_on_record_so_that_any_worker_can_ask_take_over_and_stop()
    {
        Routes["POST /predictions"] = Says("""{"id": "p1"}""");
        Routes["GET /predictions/p1"] = Says("""{"status": "processing"}""");
        var job = Job(Asynchronous("predictions/{{id}}"), "{}");
        job.LeaveRunning = true;
        using var dies = new CancellationTokenSource();
        var running = RunAsync(Asynchronous("predictions/{{id}}"), job, dies.Token);
        await UntilAsync(() => Requests.Contains("GET /predictions/p1"), "it is watched");
        await dies.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        var posted = job.Submitted.Single();
        Assert.Equal("p1", posted.ServiceId);

        var heir = Asynchronous("predictions/{{id}}");
        Assert.Equal(SubmissionState.Running, (await heir.QueryAsync("s/a", [posted.Mark], Cancellation)).Submissions[posted.ExternalId].State);
        Routes["GET /predictions/p1"] = Says(Done);
        Assert.IsType<CompletedResult>(await RunAsync(heir, new FakeJobContext("{}") { Adopts = posted, UsableInstances = ["s/a"] }));
        Routes["POST /predictions/p1/cancel"] = Says("{}");
        await heir.CancelAsync("s/a", posted.Mark, Cancellation);
        Assert.Contains("POST /predictions/p1/cancel", Requests);
        Assert.Single(Requests, r => r == "POST /predictions");
    }

    [Fact]
    public async Task A_stop_of_an_asynchronous_job_is_confirmed()
    {
        var answer = """{"status": "processing"}""";
        Routes["POST /predictions"] = Says("""{"id": "p1"}""");
        Routes["GET /predictions/p1"] = http => Says(answer)(http);
        Routes["POST /predictions/p1/cancel"] = http => Says("{}")(http);
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Asynchronous("predictions/{{id}}"), "{}", stop.Token);
        await UntilAsync(() => Requests.Contains("GET /predictions/p1"), "it is watched");
        await stop.CancelAsync();
        await UntilAsync(() => Requests.Contains("POST /predictions/p1/cancel"), "it is stopped");
        Assert.False(running.IsCompleted);
        answer = """{"status": "canceled"}""";
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public void Wrong_settings_are_named_all_at_once()
    {
        var wrong = new HttpServiceOptions
        {
            Mode = HttpMode.Async,
            Result = "$.[",
            Submit = new() { Method = "PO ST", Body = "{\"a\": {{payload.a}}}" },
            Cancel = new() { Path = "jobs/{{payload.id}}" },
            Auth = new() { Kind = HttpAuthKind.Basic },
            Tls = new() { CaFile = "/no/such.pem" },
            PollInterval = TimeSpan.Zero,
        };
        wrong.Instances["a"] = "127.0.0.1:9000";
        wrong.Files.Add(new() { Path = "$.x[*]", Name = "x.png" });
        var message = Assert.Throws<ArgumentException>(() => new HttpConnector("s", wrong, TimeProvider.System)).Message;
        foreach (var setting in (string[])["Instances:a", "Poll is missing", "Result '$.['", "Submit:Method 'PO ST'", "Submit:Body is no JSON", "Cancel names {{payload.id}}", "Auth:Value", "Auth:Name", "Tls: there is no file", "PollInterval", "Files: the name 'x.png'"])
            Assert.Contains($"JobGrid:Http:Services:s:{setting}", message, StringComparison.Ordinal);
    }

    private static (FailureClass Class, string Reason) Read(FailedResult failed) => (failed.Class, failed.Reason);

    private HttpConnector Asynchronous(string poll) => Connect(o =>
    {
        o.Mode = HttpMode.Async;
        o.Submit = new() { Method = "POST", Path = "predictions", Body = """{"input": "{{payload}}", "mark": "{{mark}}"}""" };
        o.Poll = new() { Path = poll };
        o.Cancel = poll.Contains("{{id}}", StringComparison.Ordinal) ? new() { Method = "POST", Path = $"{poll}/cancel" } : null;
        o.Id = poll.Contains("{{id}}", StringComparison.Ordinal) ? "$.id" : null;
        o.Progress = "$.progress";
        o.ProgressIsShare = true;
        o.Message = "$.log";
        o.Error = "$.error";
        o.Result = "$.output";
    });
}

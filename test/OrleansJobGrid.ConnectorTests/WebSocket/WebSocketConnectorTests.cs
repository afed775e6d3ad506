using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.Connectors.WebSockets;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.WebSockets;

public sealed class WebSocketConnectorTests : WebSocketTestBase
{
    private const string Picture = "iVBORw0KGgo=";

    [Fact]
    public async Task A_job_goes_out_as_its_template_says_and_its_result_and_progress_come_home()
    {
        var job = Job();
        var result = await CompleteAsync(Connect(), job);
        Assert.Equal("""{"text":"done"}""", result.Result!.ToJsonString());
        Assert.Equal($$"""{"type":"submit","job":"{{job.Submitted.Single().ExternalId}}","kind":"plain"}""", Service.Messages.Single().ToJsonString());
    }

    [Fact]
    public async Task Progress_and_what_it_says_are_told_while_it_runs()
    {
        Service.Hold();
        var job = Job();
        var running = RunAsync(Connect(), job);
        await UntilAsync(() => job.Progress.Contains((40, "step 4 of 10")), "progress was told");
        Service.Release();
        Assert.IsType<CompletedResult>(await running);
    }

    [Fact]
    public async Task Progress_as_a_share_is_told_as_percent_and_stays_where_a_message_leaves_it_out()
    {
        var told = new TaskCompletionSource();
        Service.Instead["submit"] = async (talk, m) =>
        {
            await talk.Say("""{"type": "accepted"}""");
            await talk.Say("""{"type": "progress", "progress": 0.25}""");
            await talk.Say("""{"type": "progress", "note": "still"}""");
            await told.Task;
            await talk.Say("""{"type": "completed", "result": 1}""");
        };
        var job = Job();
        var running = RunAsync(Connect(o => o.ProgressIsShare = true), job);
        await UntilAsync(() => job.Progress.Contains((25, "still")), "both were heard");
        told.SetResult();
        Assert.IsType<CompletedResult>(await running);
    }

    [Fact]
    public async Task Files_of_the_last_message_become_outputs()
    {
        Service.Instead["submit"] = (talk, _) => Completes(talk, $$"""{"image": "{{Picture}}", "log": "all well"}""");
        var job = Job();
        var result = await CompleteAsync(
            Connect(o =>
            {
                o.Files.Add(new() { Path = "$.result.image", Name = "picture.png" });
                o.Files.Add(new() { Path = "$.result.log", As = HttpFileKind.Text, Name = "log.txt" });
            }),
            job);
        Assert.Equal(["picture.png", "log.txt"], result.Outputs.Select(o => o.Name));
        Assert.Equal(Convert.FromBase64String(Picture), job.FakeFiles.Outputs["job-1/1/picture.png"]);
        Assert.Equal("""{"image":"picture.png","log":"log.txt"}""", result.Result!.ToJsonString());
    }

    [Fact]
    public async Task A_file_is_fetched_from_the_instance_by_its_address()
    {
        Service.Turns = http =>
        {
            if (http.Request.Path != "/files/1")
                return false;
            http.Response.Body.WriteAsync("pixels"u8.ToArray().AsMemory()).AsTask().GetAwaiter().GetResult();
            return true;
        };
        Service.Instead["submit"] = (talk, _) => Completes(talk, """{"url": "/files/1"}""");
        var job = Job();
        await CompleteAsync(Connect(o => o.Files.Add(new() { Path = "$.result.url", As = HttpFileKind.Url, Name = "a.png" })), job);
        Assert.Equal("pixels"u8.ToArray(), job.FakeFiles.Outputs["job-1/1/a.png"]);
    }

    [Fact]
    public async Task Binary_messages_are_outputs_where_the_settings_say_so_and_else_are_not_kept()
    {
        Service.Instead["submit"] = async (talk, _) =>
        {
            await talk.Say("""{"type": "accepted"}""");
            await talk.Send([1, 2, 3], WebSocketMessageType.Binary, true);
            await talk.Send([4], WebSocketMessageType.Binary, true);
            await talk.Say("""{"type": "completed", "result": {}}""");
        };
        var job = Job();
        var result = await CompleteAsync(Connect(o => o.Binary = WebSocketBinary.Output), job);
        Assert.Equal(["binary-1.bin", "binary-2.bin"], result.Outputs.Select(o => o.Name));
        Assert.Equal([1, 2, 3], job.FakeFiles.Outputs["job-1/1/binary-1.bin"]);
        Assert.Empty((await CompleteAsync(Connect())).Outputs);
    }

    [Fact]
    public async Task Binary_messages_that_were_lost_with_their_connection_are_missed()
    {
        Service.Instead["submit"] = async (talk, m) =>
        {
            Service.Has(m["job"]!.GetValue<string>(), "completed");
            await talk.Say("""{"type": "accepted"}""");
            await talk.Send([1, 2, 3], WebSocketMessageType.Binary, true);
            talk.Cut();
        };
        var failed = await FailAsync(ConnectAskable(o => o.Binary = WebSocketBinary.Output));
        Assert.Equal((FailureClass.Transient, "missing_output"), (failed.Class, failed.Reason));
    }

    [Fact]
    public async Task A_message_in_fragments_is_one_message()
    {
        Service.Instead["submit"] = async (talk, _) =>
        {
            await talk.Say("""{"type": "accepted"}""");
            var whole = Encoding.UTF8.GetBytes("""{"type": "completed", "result": "größer"}""");
            for (var i = 0; i < whole.Length; i++)
                await talk.Send([whole[i]], WebSocketMessageType.Text, i == whole.Length - 1);
        };
        Assert.Equal("größer", (await CompleteAsync(Connect())).Result!.GetValue<string>());
    }

    [Fact]
    public async Task A_message_that_is_too_long_ends_the_job_for_good_and_says_what_mends_it()
    {
        Service.Instead["submit"] = async (talk, _) =>
        {
            await talk.Say("""{"type": "accepted"}""");
            await talk.Say($$"""{"type": "completed", "result": "{{new string('x', 2 << 20)}}"}""");
        };
        var failed = await FailAsync(ConnectAskable(o => o.MaxMessageMb = 1));
        Assert.Equal((FailureClass.Malformed, "output_limit"), (failed.Class, failed.Reason));
        Assert.Contains("MaxMessageMb", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_of_other_jobs_are_not_heard()
    {
        Service.Instead["submit"] = async (talk, m) =>
        {
            var job = m["job"]!.GetValue<string>();
            await talk.Say("""{"type": "failed", "job": "another", "error": "not yours"}""");
            await talk.Say($$"""{"type": "accepted", "job": "{{job}}"}""");
            await talk.Say("""{"type": "completed", "job": "another", "result": "not yours"}""");
            await talk.Say($$"""{"type": "completed", "job": "{{job}}", "result": "yours"}""");
        };
        Assert.Equal("yours", (await CompleteAsync(Connect())).Result!.GetValue<string>());
    }

    [Fact]
    public async Task What_is_said_under_the_services_id_before_it_told_the_id_is_made_up_for()
    {
        Service.Instead["submit"] = async (talk, m) =>
        {
            await talk.Say("""{"type": "completed", "job": "w7", "result": "early"}""");
            await talk.Say("""{"type": "completed", "job": "w8", "result": "not yours"}""");
            await talk.Say("""{"type": "accepted", "job": "w7", "id": "w7"}""");
        };
        var job = Job();
        Assert.Equal("early", (await CompleteAsync(Connect(o => o.Id = "$.id"), job)).Result!.GetValue<string>());
        Assert.Equal("w7", job.Submitted.Single().ServiceId);
    }

    [Fact]
    public async Task What_is_no_message_of_the_protocol_is_told_to_people_and_harms_nothing()
    {
        var told = new TaskCompletionSource();
        Service.Instead["submit"] = async (talk, _) =>
        {
            await talk.Say("""{"type": "accepted"}""");
            await talk.Say("<html>");
            await told.Task;
            await talk.Say("""{"type": "weather", "result": "rain"}""");
            await talk.Say("[]");
            await talk.Say("""{"type": "completed", "result": 1}""");
        };
        var job = Job();
        var running = RunAsync(Connect(), job);
        await UntilAsync(() => job.Progress.Any(p => p.Message?.Contains("no JSON", StringComparison.Ordinal) == true), "it was told");
        told.SetResult();
        Assert.IsType<CompletedResult>(await running);
    }

    [Fact]
    public async Task A_ping_of_the_services_own_is_answered()
    {
        Service.Instead["submit"] = async (talk, _) =>
        {
            await talk.Say("""{"type": "accepted"}""");
            await talk.Say("""{"type": "ping", "n": 7}""");
        };
        Service.Instead["pong"] = (talk, m) => talk.Say($$"""{"type": "completed", "result": {{m["n"]}}}""");
        Assert.Equal(7, (await CompleteAsync(Connect(o => o.Pong = """{"type": "pong", "n": "{{payload.n}}"}"""))).Result!.GetValue<int>());
    }

    [Fact]
    public async Task A_connection_begins_with_its_handshake_and_the_secret_is_in_no_error()
    {
        Service.Greets = async talk =>
        {
            var login = await talk.Hear();
            if (login!["token"]!.GetValue<string>() == "right")
                await talk.Say("""{"type": "hello", "state": "ready"}""");
            else
                await talk.Say("""{"type": "error", "error": {"message": "Invalid API key", "code": "invalid_api_key"}}""");
        };
        static Action<WebSocketServiceOptions> With(string secret) => o => o.Handshake = new()
        {
            Message = """{"type": "login", "token": "{{secret}}"}""",
            Secret = secret,
            Ready = "$.state",
            Value = "ready",
        };
        await CompleteAsync(Connect(With("right")));
        var failed = await FailAsync(Connect(With("wrong-key-7")));
        Assert.Equal(FailureClass.Unauthorized, failed.Class);
        Assert.DoesNotContain("wrong-key-7", failed.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, Service.Begun);
        Assert.Contains("Invalid API key", (await Assert.ThrowsAnyAsync<IOException>(() => Connect(With("wrong-key-7")).ProveAsync("s/a", Cancellation))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpAuthKind.Bearer, "", "Bearer sesame")]
    [InlineData(HttpAuthKind.Basic, "ali", "Basic YWxpOnNlc2FtZQ==")]
    [InlineData(HttpAuthKind.Header, "X-Key", "sesame")]
    [InlineData(HttpAuthKind.Query, "key", "sesame")]
    public async Task The_worker_says_who_it_is(HttpAuthKind kind, string name, string expected)
    {
        string? said = null;
        Service.Turns = http =>
        {
            said = kind switch
            {
                HttpAuthKind.Header => http.Request.Headers["X-Key"],
                HttpAuthKind.Query => http.Request.Query["key"],
                _ => http.Request.Headers.Authorization,
            };
            return false;
        };
        await CompleteAsync(Connect(o => o.Auth = new() { Kind = kind, Name = name, Value = "sesame" }));
        Assert.Equal(expected, said);
    }

    [Theory]
    [InlineData(401, FailureClass.Unauthorized)]
    [InlineData(403, FailureClass.Unauthorized)]
    [InlineData(429, FailureClass.RateLimited)]
    [InlineData(500, FailureClass.Transient)]
    [InlineData(503, FailureClass.RateLimited)]
    public async Task An_answer_that_is_no_connection_is_understood_by_its_status(int status, FailureClass expected)
    {
        Service.Turns = http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.RetryAfter = "7";
            return true;
        };
        var job = Job();
        var failed = await FailAsync(Connect(), job);
        Assert.Equal(expected, failed.Class);
        Assert.Contains($"{status}", failed.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(7), failed.RetryAfter);
        Assert.Single(job.Submitted);
    }

    [Theory]
    [InlineData(1008, FailureClass.Unauthorized, "permission_denied")]
    [InlineData(1013, FailureClass.Transient, "service_overloaded")]
    [InlineData(1009, FailureClass.Malformed, "payload_too_large")]
    [InlineData(1007, FailureClass.Malformed, "invalid_payload")]
    public async Task A_close_instead_of_taking_the_job_is_understood_by_its_code(int code, FailureClass expected, string reason)
    {
        Service.Instead["submit"] = (talk, _) => talk.Close(code, "because");
        var failed = await FailAsync(Connect());
        Assert.Equal((expected, reason), (failed.Class, failed.Reason));
        Assert.Contains("because", failed.Message, StringComparison.Ordinal);
        Assert.Single(Service.Messages);
    }

    [Fact]
    public async Task A_close_that_leaves_it_open_whether_the_job_was_taken_is_looked_after()
    {
        var closed = 0;
        Service.Instead["submit"] = (talk, m) =>
        {
            if (Interlocked.Increment(ref closed) == 1)
                Service.Has(m["job"]!.GetValue<string>(), "completed");
            return talk.Close(1011, "a bug");
        };
        await CompleteAsync(ConnectAskable());
        Assert.Equal(1, closed);
    }

    [Fact]
    public async Task Without_a_question_a_close_that_leaves_it_open_leaves_it_to_the_grid()
    {
        Service.Instead["submit"] = (talk, _) => talk.Close(1011, "a bug");
        Assert.IsType<UnsureResult>(await RunAsync(Connect()));
        Assert.Single(Service.Messages);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_is_lost_while_it_works_is_made_up_for_by_asking(bool closes)
    {
        Service.Instead["submit"] = async (talk, m) =>
        {
            Service.Has(m["job"]!.GetValue<string>(), "running");
            await talk.Say("""{"type": "accepted"}""");
            if (closes)
                await talk.Close(1001, "going away");
            else
                talk.Cut();
        };
        var job = Job();
        var running = RunAsync(ConnectAskable(), job);
        await UntilAsync(() => Service.Messages.Count(m => m["type"]!.GetValue<string>() == "query") >= 3, "it asks");
        Service.Has(job.Submitted.Single().ExternalId, "completed");
        Assert.IsType<CompletedResult>(await running);
        Assert.Single(Service.Messages, m => m["type"]!.GetValue<string>() == "submit");
        // All later questions go out on one connection.
        Assert.InRange(Service.Connections, 2, 4);
    }

    [Fact]
    public async Task What_is_told_on_the_connection_that_asked_is_heard_without_another_question()
    {
        Service.Instead["submit"] = async (talk, m) =>
        {
            Service.Has(m["job"]!.GetValue<string>(), "running");
            await talk.Say("""{"type": "accepted"}""");
            talk.Cut();
        };
        Service.Instead["query"] = async (talk, _) =>
        {
            await talk.Say("""{"type": "running"}""");
            await talk.Say("""{"type": "completed", "result": "told"}""");
        };
        Assert.Equal("told", (await CompleteAsync(ConnectAskable())).Result!.GetValue<string>());
    }

    [Fact]
    public async Task Without_a_question_a_lost_connection_leaves_the_job_to_the_grid_unless_it_may_be_repeated()
    {
        Service.Instead["submit"] = async (talk, _) =>
        {
            await talk.Say("""{"type": "accepted"}""");
            talk.Cut();
        };
        var job = Job();
        Assert.IsType<UnsureResult>(await RunAsync(Connect(), job));
        var mark = job.Submitted.Single().Mark;
        Assert.Equal(SubmissionState.Untellable, await StateAsync(Connect(), mark));
        Assert.Equal(SubmissionState.Absent, await StateAsync(Connect(o => o.SafeToRepeat = true), mark));
    }

    [Fact]
    public async Task A_service_that_takes_the_job_and_says_nothing_is_looked_after_when_the_time_for_it_is_over()
    {
        Service.Instead["submit"] = (_, m) =>
        {
            Service.Has(m["job"]!.GetValue<string>(), "completed");
            return Task.CompletedTask;
        };
        var job = new FakeJobContext("""{"kind": "plain"}""") { UsableInstances = ["s/a"], SubmitTimeout = TimeSpan.FromSeconds(1) };
        await CompleteAsync(ConnectAskable(), job);
        Assert.Single(job.Submitted);
    }

    [Fact]
    public async Task Where_nothing_says_that_a_job_is_taken_what_was_sent_is_taken()
    {
        Service.Instead["submit"] = (talk, _) => talk.Say("""{"type": "completed", "result": 1}""");
        await CompleteAsync(Connect(o => o.Types.Accepted.Clear()));
    }

    [Fact]
    public async Task A_question_that_is_not_answered_is_a_fault_and_says_nothing_of_the_job()
    {
        Service.Instead["query"] = (_, _) => Task.CompletedTask;
        var time = new FakeTimeProvider();
        var options = Settings(Service.Address);
        options.Query = """{"type": "query", "job": "{{mark}}"}""";
        using var connector = new WebSocketConnector("s", options, time);
        var asking = connector.QueryAsync("s/a", ["4b5c3a0e-0000-0000-0000-000000000001"], Cancellation);
        await UntilAsync(() => Service.Messages.Count == 1, "it was asked");
        Assert.False(asking.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<TimeoutException>(() => asking);
    }

    [Fact]
    public async Task A_cancel_on_the_jobs_own_connection_needs_no_question()
    {
        Service.Hold();
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Connect(o => o.Cancel = """{"type": "cancel", "job": "{{mark}}"}"""), Job(), stop.Token);
        await UntilAsync(() => Service.Live == 1, "it runs");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(0, Service.Live);
        Assert.Equal(1, Service.Connections);
    }

    [Fact]
    public async Task A_cancel_that_ends_with_the_connection_is_made_sure_of_by_asking()
    {
        Service.Hold();
        Service.Instead["cancel"] = (talk, m) =>
        {
            if (talk.Http.Request.Path == "/jobs")
                return talk.Close(1000, "cancelled");
            Service.Has(m["job"]!.GetValue<string>(), "cancelled");
            return Task.CompletedTask;
        };
        using var stop = new CancellationTokenSource();
        var running = RunAsync(ConnectAskable(), Job(), stop.Token);
        await UntilAsync(() => Service.Live == 1, "it runs");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(0, Service.Live);
        Assert.Equal(["submit", "cancel", "cancel", "query"], Service.Messages.Select(m => m["type"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_cancel_that_the_service_does_not_confirm_leaves_the_job_to_the_grid()
    {
        Service.Hold();
        Service.Instead["cancel"] = (talk, _) => talk.Close(1000, "");
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Connect(o => o.Cancel = """{"type": "cancel", "job": "{{mark}}"}"""), Job(), stop.Token);
        await UntilAsync(() => Service.Live == 1, "it runs");
        await stop.CancelAsync();
        Assert.Contains("could not be stopped", Assert.IsType<UnsureResult>(await running).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ping_that_cannot_be_answered_ends_the_connection_and_not_the_watch()
    {
        Service.Instead["submit"] = async (talk, m) =>
        {
            Service.Has(m["job"]!.GetValue<string>(), "completed");
            await talk.Say("""{"type": "accepted"}""");
            await talk.Say("""{"type": "ping"}""");
        };
        await CompleteAsync(ConnectAskable(o => o.Pong = """{"type": "pong", "n": "number {{payload.n}}"}"""));
        Assert.Contains(Service.Messages, m => m["type"]!.GetValue<string>() == "query");
    }

    [Fact]
    public async Task What_the_payload_lacks_is_found_before_anything_is_on_record()
    {
        var job = Job();
        var failed = await FailAsync(Connect(o => o.Submit = """{"type": "submit", "text": "a {{payload.none}}"}"""), job);
        Assert.Equal((FailureClass.Malformed, "missing_required_field"), (failed.Class, failed.Reason));
        Assert.Empty(job.Submitted);
        Assert.Equal(0, Service.Connections);
    }

    [Fact]
    public async Task A_place_that_is_gone_is_a_failure_that_may_pass()
    {
        await Service.DisposeAsync();
        var failed = await FailAsync(Connect());
        Assert.Equal((FailureClass.Transient, "connection_refused"), (failed.Class, failed.Reason));
    }

    private static async Task<SubmissionState> StateAsync(WebSocketConnector connector, WorkMark mark) =>
        (await connector.QueryAsync("s/a", [mark], Cancellation)).Submissions[mark.ExternalId].State;

    private static async Task Completes(Talk talk, string result)
    {
        await talk.Say("""{"type": "accepted"}""");
        await talk.Say($$"""{"type": "completed", "result": {{result}}}""");
    }

    [Fact]
    public async Task The_ready_settings_do_a_job_and_stop_one()
    {
        Service.Greets = async talk =>
        {
            Assert.Equal("sesame", (await talk.Hear())!["token"]!.GetValue<string>());
            await talk.Say("""{"type": "ready"}""");
        };
        var connector = Sample("websocket.json", "render", "sesame");
        Assert.Equal(
            ServiceCapabilities.StatusQuery | ServiceCapabilities.Attach | ServiceCapabilities.Cancel | ServiceCapabilities.Progress, (await connector.ProveAsync("render/a", Cancellation)).Capabilities);
        var job = new FakeJobContext("""{"kind": "plain"}""") { UsableInstances = ["render/a"] };
        Assert.Equal("""{"text":"done"}""", (await CompleteAsync(connector, job)).Result!.ToJsonString());
        Assert.Equal(512, Service.Messages.Single()["size"]!.GetValue<int>());

        Service.Hold();
        using var stop = new CancellationTokenSource();
        var running = RunAsync(connector, new("""{"kind": "plain"}""", jobId: "job-2") { UsableInstances = ["render/a"] }, stop.Token);
        await UntilAsync(() => Service.Live == 1, "it runs");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(0, Service.Live);
    }

    [Fact]
    public void Wrong_settings_are_named_all_at_once()
    {
        var options = new WebSocketServiceOptions
        {
            Path = "jobs/{{job}}",
            Submit = "{",
            Query = """{"job": "{{id}}", "why": "{{payload}}"}""",
            Type = "",
            MaxMessageMb = 0,
            KeepAlive = TimeSpan.FromMilliseconds(1),
            BinaryName = "x.bin",
            PollInterval = TimeSpan.Zero,
            Handshake = new() { Message = """{"token": "{{secret}}"}""", Value = "ready" },
            Auth = new() { Kind = HttpAuthKind.Header },
        };
        options.Instances["a"] = "http://127.0.0.1:1";
        options.Types.Ping.Add("heartbeat");
        options.Types.Failed.Add("heartbeat");
        var message = Assert.Throws<ArgumentException>(() => new WebSocketConnector("s", options, TimeProvider.System)).Message;
        string[] named =
        [
            "s:Instances:a 'http://127.0.0.1:1' is not an address such as ws://", "s:Path names {{job}}", "s:Submit is no JSON", "s:Query names {{payload}}", "s:Id is missing",
            "s:Type is empty", "s:MaxMessageMb 0", "s:KeepAlive 00:00:00.0010000", "s:BinaryName 'x.bin'", "s:PollInterval", "s:Handshake:Secret is missing", "s:Handshake:Ready is missing",
            "s:Auth:Value is missing", "s:Auth:Name is missing", "s:Pong is missing", "s:Types names 'heartbeat' as Failed and as Ping",
        ];
        Assert.All(named, n => Assert.Contains(n, message, StringComparison.Ordinal));
    }
}

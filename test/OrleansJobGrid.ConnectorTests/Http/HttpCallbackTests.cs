using System.Collections.Concurrent;
using System.Text;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Http;

/// <summary>Services that say by a call how a job is, with and without being asked.</summary>
public sealed class HttpCallbackTests : HttpTestBase
{
    private readonly Calls _calls = new();

    [Fact]
    public async Task The_service_is_told_where_to_call_and_its_call_brings_the_result()
    {
        Posts();
        var job = Job(Connector(), "{}");
        var running = RunAsync(Connector(), job);
        await UntilAsync(() => Bodies.Count == 1, "it was posted");
        var mark = job.Submitted.Single().ExternalId;
        Assert.Equal(_calls.AddressOf(mark), Bodies.Single()!["to"]!.GetValue<string>());
        _calls.Say(mark, """{"status": "running", "progress": 30}""");
        await UntilAsync(() => job.Progress.Any(p => p.Percent == 30), "progress was told");
        _calls.Say(mark, """{"status": "done", "output": 7}""");
        Assert.Equal(7, Assert.IsType<CompletedResult>(await running).Result!["output"]!.GetValue<int>());
        Assert.Equal(["POST /jobs"], Requests);
        await UntilAsync(() => _calls.Said.IsEmpty, "what was said is forgotten");
    }

    [Fact]
    public async Task A_call_before_the_post_is_answered_is_not_lost()
    {
        Routes["POST /jobs"] = async http =>
        {
            _calls.Say(Bodies.Last()!["mark"]!.GetValue<string>(), """{"status": "done", "output": 7}""");
            await Says("""{"id": "p1"}""")(http);
        };
        Assert.IsType<CompletedResult>(await RunAsync(Connector(), "{}"));
    }

    [Fact]
    public async Task A_call_after_a_post_without_an_answer_is_believed()
    {
        Routes["POST /jobs"] = http =>
        {
            _calls.Say(Bodies.Last()!["mark"]!.GetValue<string>(), """{"status": "done", "output": 7}""");
            http.Abort();
            return Task.CompletedTask;
        };
        Assert.IsType<CompletedResult>(await RunAsync(Connector(), "{}"));
        Assert.Single(Bodies);
    }

    [Fact]
    public async Task A_post_without_an_answer_and_without_a_call_is_left_to_the_grid()
    {
        Routes["POST /jobs"] = http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        Assert.IsType<UnsureResult>(await RunAsync(Connector(), "{}"));
        Assert.Single(Bodies);
    }

    [Fact]
    public async Task Of_several_calls_the_first_word_of_the_end_counts()
    {
        Routes["POST /jobs"] = async http =>
        {
            var mark = Bodies.Last()!["mark"]!.GetValue<string>();
            _calls.Say(mark, """{"status": "failed", "error": "out of paper"}""");
            _calls.Say(mark, """{"status": "done", "output": 7}""");
            await Says("""{"id": "p1"}""")(http);
        };
        Assert.Equal("out of paper", (await FailAsync(Connector(), "{}")).Message);
        await UntilAsync(() => _calls.Said.IsEmpty, "what was said is forgotten");
    }

    [Fact]
    public async Task A_job_whose_worker_died_is_taken_over_and_its_call_is_found()
    {
        Posts();
        var job = Job(Connector(), "{}");
        job.LeaveRunning = true;
        using var dies = new CancellationTokenSource();
        var running = RunAsync(Connector(), job, dies.Token);
        await UntilAsync(() => job.Submitted is [{ ServiceId: not null }], "it was taken");
        await dies.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        var left = job.Submitted.Single();

        Assert.Equal(SubmissionState.Queued, await StateAsync(left.Mark));
        Assert.Equal(SubmissionState.Untellable, await StateAsync(left.ExternalId));
        _calls.Say(left.ExternalId, """{"status": "done", "output": 7}""");
        Assert.Equal(SubmissionState.Completed, await StateAsync(left.ExternalId));
        var heir = new FakeJobContext("{}") { Adopts = left, UsableInstances = ["s/a"] };
        Assert.IsType<CompletedResult>(await RunAsync(Connector(), heir));
        Assert.Single(Bodies);
    }

    [Fact]
    public async Task What_was_said_stays_for_another_worker_where_this_one_is_drained()
    {
        Posts();
        var job = Job(Connector(), "{}");
        job.LeaveRunning = true;
        using var drained = new CancellationTokenSource();
        var running = RunAsync(Connector(), job, drained.Token);
        await UntilAsync(() => job.Submitted.Count == 1 && Bodies.Count == 1, "it was posted");
        _calls.Say(job.Submitted.Single().ExternalId, """{"status": "running", "progress": 30}""");
        await UntilAsync(() => job.Progress.Count > 0, "it was heard");
        await drained.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Single(_calls.Said);
    }

    [Fact]
    public async Task A_service_that_is_asked_too_is_asked_until_it_calls()
    {
        Posts();
        Routes["GET /jobs/p1"] = Says("""{"status": "running", "progress": 50}""");
        var job = Job(Connector(), "{}");
        var running = RunAsync(Connector(o => o.Poll = new() { Path = "jobs/{{id}}" }), job);
        await UntilAsync(() => job.Progress.Any(p => p.Percent == 50), "it was asked");
        _calls.Say(job.Submitted.Single().ExternalId, """{"status": "done", "output": 7}""");
        Assert.IsType<CompletedResult>(await running);
    }

    [Fact]
    public void Callbacks_are_for_asynchronous_services_and_need_somewhere_to_call()
    {
        Assert.Contains("s:Submit names {{callback}}, which is for Mode Async alone", Assert.Throws<ArgumentException>(() => Connector(o => o.Mode = HttpMode.Sync)).Message, StringComparison.Ordinal);
        var options = new HttpServiceOptions { Mode = HttpMode.Async };
        options.Instances["a"] = Address;
        options.Submit.Body = """{"to": "{{callback}}"}""";
        Assert.Contains("nowhere to call", Assert.Throws<ArgumentException>(() => new HttpConnector("s", options, TimeProvider.System)).Message, StringComparison.Ordinal);
    }

    private void Posts() => Routes["POST /jobs"] = Says("""{"id": "p1"}""");

    private HttpConnector Connector(Action<HttpServiceOptions>? configure = null) => Connect(
        o =>
        {
            o.Mode = HttpMode.Async;
            o.Id = "$.id";
            o.Progress = "$.progress";
            o.Error = "$.error";
            o.Submit.Path = "jobs";
            o.Submit.Body = """{"mark": "{{mark}}", "to": "{{callback}}"}""";
            configure?.Invoke(o);
        },
        _calls);

    private async Task<SubmissionState> StateAsync(WorkMark mark) =>
        (await Connector().QueryAsync("s/a", [mark], Cancellation)).Submissions[mark.ExternalId].State;

    private sealed class Calls : IHttpCallbacks
    {
        public ConcurrentDictionary<string, ConcurrentQueue<byte[]>> Said { get; } = new();

        public void Say(string mark, string body) => Said.GetOrAdd(mark, _ => new()).Enqueue(Encoding.UTF8.GetBytes(body));

        public string AddressOf(string mark) => $"http://127.0.0.1/api/callbacks/{mark}/signature";

        public Task<IReadOnlyList<byte[]>> ReadAsync(string mark, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<byte[]>>(Said.TryGetValue(mark, out var said) ? [.. said] : []);

        public Task ForgetAsync(string mark, CancellationToken cancellationToken)
        {
            Said.TryRemove(mark, out _);
            return Task.CompletedTask;
        }
    }
}

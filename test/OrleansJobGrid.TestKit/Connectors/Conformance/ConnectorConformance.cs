using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using Xunit;

namespace OrleansJobGrid.TestKit.Connectors.Conformance;

/// <summary>
/// What every connector of a service outside keeps, whatever its protocol: work is done once, what is not known is not claimed to be known, and
/// what the connector states that its service can do, it does. A test of something that it does not state is skipped.
/// </summary>
public abstract class ConnectorConformance : IAsyncLifetime
{
    private IExternalConnector? _connector;

    /// <summary>The service, started.</summary>
    protected ServiceUnderTest Service { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IExternalConnector Connector => _connector ??= Service.Connect();

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Service = Make();
        await Service.StartAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Service.DisposeAsync();

    /// <summary>The service, not started.</summary>
    protected abstract ServiceUnderTest Make();

    /// <summary>It proves no more than it states, and begins no work by that.</summary>
    [Fact]
    public async Task What_is_proved_was_stated_and_nothing_began_by_asking()
    {
        var proof = await Connector.ProveAsync(Service.Instance, Cancellation);
        Assert.Equal(ServiceCapabilities.None, proof.Capabilities & ~Connector.Capabilities);
        Assert.Equal(0, Service.Begun);
        Assert.Contains(Service.Instance, Connector.Instances.Select(i => i.Id));
        Assert.Equal(WorkLocation.External, Connector.Location);
    }

    /// <summary>What cannot be asked is not said to be proved.</summary>
    [Theory]
    [InlineData(ProxyFault.CutBefore)]
    [InlineData(ProxyFault.Garbage)]
    public async Task A_service_that_does_not_answer_as_it_should_is_not_proved(ProxyFault fault)
    {
        if (!(await Connector.ProveAsync(Service.Instance, Cancellation)).Proved)
            Assert.Skip("It cannot be asked, and says so.");
        Service.Proxy.OfQuestions = fault;
        Assert.NotEmpty((await Assert.ThrowsAnyAsync<Exception>(() => Service.Connect().ProveAsync(Service.Instance, Cancellation))).Message);
    }

    /// <summary>A job is done.</summary>
    [Fact]
    public async Task Work_is_posted_on_record_done_once_and_its_result_comes_home()
    {
        var job = Job();
        var result = await RunAsync(job);
        Assert.IsType<CompletedResult>(result);
        Assert.Equal((1, 1, 0), (Service.Begun, job.Submitted.Count, Service.Live));
        Assert.Equal(Service.Instance, job.Submitted.Single().Instance);
        Assert.Contains(Service.Instance, job.Used);
    }

    /// <summary>Jobs in turn are told apart.</summary>
    [Fact]
    public async Task Jobs_at_the_same_time_end_each_with_its_own_end()
    {
        Service.Hold();
        var first = RunAsync(Job("job-1"));
        var second = RunAsync(Job("job-2", Service.Failing));
        await UntilAsync(() => Service.Live >= 1, "one began");
        Service.Release();
        Assert.IsType<CompletedResult>(await first);
        Assert.IsType<FailedResult>(await second);
        Assert.Equal(2, Service.Begun);
    }

    /// <summary>Progress.</summary>
    [Fact]
    public async Task Progress_never_falls_and_leaves_the_end_to_the_result()
    {
        Needs(ServiceCapabilities.Progress);
        var job = Job();
        Assert.IsType<CompletedResult>(await RunAsync(job));
        Assert.All(job.Progress, p => Assert.InRange(p.Percent, 0, 99));
        Assert.Equal(job.Progress.Select(p => p.Percent).Order(), job.Progress.Select(p => p.Percent));
    }

    /// <summary>Previews.</summary>
    [Fact]
    public async Task Unfinished_pictures_are_shown_while_it_runs_and_are_no_outputs()
    {
        Needs(ServiceCapabilities.Previews);
        if (!(await Connector.ProveAsync(Service.Instance, Cancellation)).Capabilities.HasFlag(ServiceCapabilities.Previews))
            Assert.Skip("It shows none in this version.");
        var job = Job();
        Service.Hold();
        var running = RunAsync(job);
        await UntilAsync(() => job.Previews.Count > 0, "an unfinished picture is shown");
        Service.Release();
        var outputs = Assert.IsType<CompletedResult>(await running).Outputs;
        Assert.All(job.Previews, p => Assert.StartsWith("image/", p.ContentType, StringComparison.Ordinal));
        Assert.Equal(outputs.Count, job.FakeFiles.Outputs.Count);
    }

    /// <summary>A job that is wrong.</summary>
    [Fact]
    public async Task What_the_service_refuses_as_wrong_is_told_in_words_and_not_tried_again()
    {
        var failed = Assert.IsType<FailedResult>(await RunAsync(Job(payload: Service.Refused)));
        Assert.NotEmpty(failed.Message);
        Assert.NotEqual(FailureClass.Transient, failed.Class);
        Assert.Equal(0, Service.Begun);
    }

    /// <summary>A service in trouble.</summary>
    [Fact]
    public async Task What_fails_there_is_told_in_the_services_words_and_may_be_tried_again()
    {
        var failed = Assert.IsType<FailedResult>(await RunAsync(Job(payload: Service.Failing)));
        Assert.NotEmpty(failed.Message);
        Assert.Equal(FailureClass.Transient, failed.Class);
        Assert.Equal(1, Service.Begun);
    }

    /// <summary>Cancel while it runs.</summary>
    [Fact]
    public async Task A_cancel_stops_what_runs_and_ends_when_it_runs_no_more()
    {
        Needs(ServiceCapabilities.Cancel);
        Service.Hold();
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Job(), Connector, stop.Token);
        await UntilAsync(() => Service.Begun == 1, "it runs");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(0, Service.Live);
    }

    /// <summary>Cancel while it waits.</summary>
    [Fact]
    public async Task A_cancel_takes_what_waits_out_of_the_services_queue_and_leaves_the_one_that_runs()
    {
        Needs(ServiceCapabilities.Cancel);
        if (!Service.OneAtATime)
            Assert.Skip("Nothing waits in it.");
        Service.Hold();
        var other = RunAsync(Job("job-1"));
        await UntilAsync(() => Service.Begun == 1, "another one runs");
        using var stop = new CancellationTokenSource();
        var waiting = RunAsync(Job("job-2"), Connector, stop.Token);
        await UntilAsync(() => Service.Live == 2, "it waits");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(1, Service.Live);
        Service.Release();
        Assert.IsType<CompletedResult>(await other);
        Assert.Equal(1, Service.Begun);
    }

    /// <summary>Cancel by another worker, for the grid.</summary>
    [Fact]
    public async Task Another_worker_stops_what_runs_and_stopping_nothing_is_no_error()
    {
        Needs(ServiceCapabilities.Cancel);
        Needs(ServiceCapabilities.StatusQuery);
        Service.Hold();
        var posted = await LeftBehindAsync();
        var other = Service.Connect();
        await other.CancelAsync(Service.Instance, posted.Mark, Cancellation);
        Assert.Equal(0, Service.Live);
        Assert.NotEqual(SubmissionState.Running, await StateAsync(other, posted.Mark));
        await other.CancelAsync(Service.Instance, Guid.NewGuid().ToString("D"), Cancellation);
    }

    /// <summary>A worker dies.</summary>
    [Fact]
    public async Task Work_of_a_worker_that_died_is_found_running_then_done_and_fetched_by_another()
    {
        Needs(ServiceCapabilities.StatusQuery);
        Service.Hold();
        var posted = await LeftBehindAsync();
        var heir = Service.Connect();
        Assert.Equal(SubmissionState.Running, await StateAsync(heir, posted.Mark));
        if (!Connector.Capabilities.HasFlag(ServiceCapabilities.Attach))
            return;
        var adopted = RunAsync(new(Service.Payload) { Adopts = posted, UsableInstances = [Service.Instance] }, heir);
        Service.Release();
        Assert.IsType<CompletedResult>(await adopted);
        Assert.Equal(1, Service.Begun);
        Assert.Equal(SubmissionState.Completed, await StateAsync(Service.Connect(), posted.Mark));
    }

    /// <summary>A worker dies and nobody can ask.</summary>
    [Fact]
    public async Task A_service_that_cannot_be_asked_says_so_of_what_was_posted()
    {
        if (Connector.Capabilities.HasFlag(ServiceCapabilities.StatusQuery))
            Assert.Skip("It can be asked.");
        Service.Hold();
        var posted = await LeftBehindAsync();
        // That it runs may be known all the same; that it is done, or is not there, is not.
        Assert.Contains(await StateAsync(Service.Connect(), posted.Mark), (SubmissionState[])[SubmissionState.Untellable, SubmissionState.Running]);
        Service.Release();
        await UntilAsync(() => Service.Live == 0, "it is over");
        Assert.Equal(SubmissionState.Untellable, await StateAsync(Service.Connect(), posted.Mark));
    }

    /// <summary>What was never posted.</summary>
    [Fact]
    public async Task What_was_never_posted_is_neither_running_nor_done()
    {
        var state = await StateAsync(Connector, Guid.NewGuid().ToString("D"));
        Assert.Contains(state, (SubmissionState[])[SubmissionState.Absent, SubmissionState.Untellable]);
    }

    /// <summary>Look before post.</summary>
    [Fact]
    public async Task A_second_attempt_goes_on_with_what_the_first_one_left_and_posts_nothing()
    {
        Needs(ServiceCapabilities.StatusQuery | ServiceCapabilities.Attach);
        Service.Hold();
        var posted = await LeftBehindAsync();
        var second = new FakeJobContext(Service.Payload) { Earlier = [posted], UsableInstances = [Service.Instance] };
        var running = RunAsync(second, Service.Connect());
        await UntilAsync(() => second.Attached.Count == 1, "it was found");
        Service.Release();
        Assert.IsType<CompletedResult>(await running);
        Assert.Empty(second.Submitted);
        Assert.Equal(1, Service.Begun);
    }

    /// <summary>The grid says no.</summary>
    [Fact]
    public async Task A_post_that_the_grid_forbids_does_not_leave()
    {
        var job = new FakeJobContext(Service.Payload) { UsableInstances = [Service.Instance], ForbidsPosts = true };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(job));
        Assert.Equal(0, Service.Begun);
    }

    /// <summary>An unclear post.</summary>
    [Theory]
    [InlineData(ProxyFault.CutBefore)]
    [InlineData(ProxyFault.CutAfter)]
    [InlineData(ProxyFault.SilentAfter)]
    [InlineData(ProxyFault.Garbage)]
    public async Task A_post_without_a_proper_answer_begins_nothing_twice(ProxyFault fault)
    {
        Service.Proxy.SpoilNextPost(fault);
        var job = new FakeJobContext(Service.Payload) { UsableInstances = [Service.Instance], SubmitTimeout = TimeSpan.FromSeconds(1) };
        using var limit = new CancellationTokenSource(fault == ProxyFault.SilentAfter ? TimeSpan.FromSeconds(5) : Timeout.InfiniteTimeSpan, TimeProvider.System);
        ConnectorResult? result = null;
        try
        {
            result = await RunAsync(job, Connector, limit.Token);
        }
        catch (OperationCanceledException) when (fault == ProxyFault.SilentAfter && limit.IsCancellationRequested)
        {
            // Where the answer is the work, nobody can tell silence from work.
        }

        Assert.Equal(1, Service.Proxy.PostsSpoiled);
        Assert.InRange(Service.Begun, 0, 1);
        if (Connector.Capabilities.HasFlag(ServiceCapabilities.StatusQuery | ServiceCapabilities.Attach))
            Assert.True(result is CompletedResult or UnsureResult or FailedResult { Class: FailureClass.Transient }, result?.ToString());
        else
            Assert.IsNotType<CompletedResult>(result);
    }

    /// <summary>Nonsense instead of answers.</summary>
    [Theory]
    [InlineData(ProxyFault.Garbage)]
    [InlineData(ProxyFault.CutBefore)]
    public async Task Questions_without_a_proper_answer_leave_the_attempt_unsure_and_the_work_alone(ProxyFault fault)
    {
        Needs(ServiceCapabilities.StatusQuery);
        Service.Hold();
        var job = Job();
        var running = RunAsync(job);
        await UntilAsync(() => Service.Begun == 1 && job.Answered == 1, "it runs, and its post was answered");
        Service.Proxy.OfQuestions = fault;
        var result = await running;
        Assert.True(result is UnsureResult, $"Nobody can know what became of it, and it said {result}.");
        Assert.Equal(1, Service.Live);
        // The grid asks again, and it is found.
        Service.Proxy.OfQuestions = ProxyFault.None;
        Assert.Equal(SubmissionState.Running, await StateAsync(Service.Connect(), job.Submitted.Single().Mark));
    }

    /// <summary>Stop at a service that is gone.</summary>
    [Fact]
    public async Task An_instance_that_cannot_be_asked_throws_and_says_nothing_of_any_submission()
    {
        Needs(ServiceCapabilities.StatusQuery);
        Service.Hold();
        var posted = await LeftBehindAsync();
        Service.Proxy.Down = true;
        await Assert.ThrowsAnyAsync<Exception>(() => Connector.QueryAsync(Service.Instance, [posted.Mark], Cancellation));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Connector.QueryAsync("no/such", ["x"], Cancellation));
    }

    /// <summary>Polls until it holds.</summary>
    protected static async Task UntilAsync(Func<bool> holds, string phase)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(30))
                throw new TimeoutException($"Within 30 s it did not come about that {phase}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancellation);
        }
    }

    private void Needs(ServiceCapabilities capabilities)
    {
        if (!Connector.Capabilities.HasFlag(capabilities))
            Assert.Skip($"It does not state {capabilities}.");
    }

    private FakeJobContext Job(string id = "job-1", string? payload = null) => new(payload ?? Service.Payload, jobId: id) { UsableInstances = [Service.Instance] };

    private Task<ConnectorResult> RunAsync(FakeJobContext job, IExternalConnector? connector = null, CancellationToken? cancellation = null) =>
        (connector ?? Connector).ExecuteAsync(job, cancellation ?? Cancellation);

    private async Task<SubmissionState> StateAsync(IExternalConnector connector, WorkMark mark) =>
        (await connector.QueryAsync(Service.Instance, [mark], Cancellation)).Submissions[mark.ExternalId].State;

    /// <summary>Work that runs, whose worker is gone.</summary>
    private async Task<Submission> LeftBehindAsync()
    {
        var job = Job();
        job.LeaveRunning = true;
        using var dies = new CancellationTokenSource();
        var running = RunAsync(job, Service.Connect(), dies.Token);
        await UntilAsync(() => Service.Begun == 1, "it runs");
        await dies.CancelAsync();
        await Record.ExceptionAsync(() => running);
        return job.Submitted.Single();
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.Client;

public sealed class JobStreamTests
{
    private const string State = "event: state\ndata: {\"id\":\"a\",\"status\":\"in_progress\"}\n\n";
    private const string Progress = "event: progress\ndata: {\"job_id\":\"a\",\"progress\":40,\"message\":\"half\"}\n\n";
    private const string End = "event: end\ndata: {\"id\":\"a\",\n: a comment between\ndata: \"status\":\"completed\"}\n\n";

    [Fact]
    public async Task Watch_WhenTheJobEnds_GivesEachEventAndEnds()
    {
        await using var grid = await CannedGrid.StartAsync(": hello\n\n" + State + "event: of_a_newer_grid\ndata: 1\n\n" + Progress + End + State, contentType: "text/event-stream");

        var updates = await ReadAsync(grid.Client);

        Assert.Collection(
            updates,
            u => Assert.Equal("in_progress", Assert.IsType<JobStateUpdate>(u).Job.Status),
            u => Assert.Equal(new JobProgressUpdate("a", 40, "half"), u),
            u => Assert.Equal("completed", Assert.IsType<JobEndUpdate>(u).Job.Status));
    }

    [Fact]
    public async Task Watch_WithPreviews_AsksForThemAndGivesTheirBytes()
    {
        await using var grid = await CannedGrid.StartAsync(
            State + "event: preview\ndata: {\"job_id\":\"a\",\"content_type\":\"image/png\",\"data\":\"AQID\"}\n\n" + End, contentType: "text/event-stream");
        var updates = new List<JobUpdate>();
        await foreach (var update in grid.Client.WatchAsync("a", previews: true))
            updates.Add(update);

        var preview = Assert.Single(updates.OfType<JobPreviewUpdate>());
        Assert.Equal(("a", "image/png"), (preview.JobId, preview.ContentType));
        Assert.Equal([1, 2, 3], preview.Data);
        Assert.EndsWith("/stream?previews=true", grid.Requests.Single().Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_WhenTheConnectionBreaksInTheMiddle_GoesOnWithANewOne()
    {
        await using var grid = await CannedGrid.StartAsync(async (context, _, number) =>
        {
            await CannedGrid.AnswerAsync(context, State + (number == 4 ? End : "event: sta"), contentType: "text/event-stream");
            await context.Response.Body.FlushAsync();
            if (number < 3)
                context.Abort();
        });

        var updates = await ReadAsync(grid.Client);

        Assert.IsType<JobEndUpdate>(updates[^1]);
        Assert.Equal(4, grid.Requests.Count);
    }

    [Fact]
    public async Task Watch_WhenStreamsEndWithoutAnyEvent_GivesUp()
    {
        await using var grid = await CannedGrid.StartAsync(": nothing\n\n", contentType: "text/event-stream");
        await Assert.ThrowsAsync<GridUnreachableException>(() => ReadAsync(grid.Client));
        Assert.Equal(3, grid.Requests.Count);
    }

    [Fact]
    public async Task Watch_WhenThereIsNoSuchJob_IsAnError()
    {
        await using var grid = await CannedGrid.StartAsync("""{"title":"No such job","status":404}""", 404, "application/problem+json");
        var e = await Assert.ThrowsAsync<JobGridException>(() => ReadAsync(grid.Client));
        Assert.Equal(404, e.Status);
    }

    /// <summary>A connection can be dead without a sign; the silence itself must lead to a new one.</summary>
    [Fact]
    public async Task Watch_WhenAStreamIsSilentTooLong_OpensAnother()
    {
        var clock = new FakeTimeProvider();
        await using var grid = await CannedGrid.StartAsync(async (context, _, number) =>
        {
            await CannedGrid.AnswerAsync(context, State + (number == 2 ? End : ""), contentType: "text/event-stream");
            await context.Response.Body.FlushAsync();
            if (number == 1)
                await Task.Delay(Timeout.InfiniteTimeSpan, clock, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var http = new HttpClient { BaseAddress = new Uri(grid.Url) };
        var client = new JobGridClient(http, new JobGridClientOptions { TimeProvider = clock, BaseDelay = TimeSpan.Zero });
        await using var updates = client.WatchAsync("a").GetAsyncEnumerator();
        Assert.True(await updates.MoveNextAsync());

        var next = updates.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(61));

        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.True(await updates.MoveNextAsync());
        Assert.IsType<JobEndUpdate>(updates.Current);
        Assert.Equal(2, grid.Requests.Count);
    }

    private static async Task<List<JobUpdate>> ReadAsync(JobGridClient client)
    {
        var updates = new List<JobUpdate>();
        await foreach (var update in client.WatchAsync("a"))
            updates.Add(update);
        return updates;
    }
}

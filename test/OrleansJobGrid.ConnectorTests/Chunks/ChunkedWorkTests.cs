using System.Text;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Chunks;

/// <summary>Work in chunks goes on where it stopped.</summary>
public sealed class ChunkedWorkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_next_attempt_goes_on_with_the_state_after_the_last_chunk_that_was_done()
    {
        var first = new FakeJobContext("{}");
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(first, 5, failsAt: 3));
        Assert.Equal("""{"completed_chunks":3,"total_chunks":5,"current_state":"012"}""", Encoding.UTF8.GetString(first.SavedCheckpoint!));
        Assert.Equal([20, 40, 60], first.Progress.Select(p => p.Percent));

        var second = first.NextAttempt();
        Assert.Equal("01234", (await RunAsync(second, 5))!.GetValue<string>());
        Assert.Equal([60, 80, 100], second.Progress.Select(p => p.Percent));
        Assert.Equal("goes on after chunk 3 of 5", second.Progress[0].Message);

        // All were done, and the answer was lost.
        Assert.Equal("01234", (await RunAsync(second.NextAttempt(), 5))!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"completed_chunks":3,"total_chunks":6,"current_state":"x"}""")]
    [InlineData("""{"completed_chunks":9,"total_chunks":5}""")]
    [InlineData("""{"completed_chunks":"3","total_chunks":5}""")]
    [InlineData("""{"another":"form"}""")]
    [InlineData("{ broken")]
    [InlineData("binary")]
    public async Task A_checkpoint_of_other_work_begins_at_the_beginning(string checkpoint)
    {
        var job = new FakeJobContext("{}").NextAttempt(Encoding.UTF8.GetBytes(checkpoint));
        Assert.Equal("01234", (await RunAsync(job, 5))!.GetValue<string>());
    }

    [Fact]
    public async Task It_ends_between_two_chunks()
    {
        using var stop = new CancellationTokenSource();
        var job = new FakeJobContext("{}");
        await Assert.ThrowsAsync<OperationCanceledException>(() => ChunkedWork.RunAsync(job, 5, null, (n, _, _) =>
        {
            if (n == 1)
                stop.Cancel();
            return Task.FromResult<JsonNode?>(n);
        }, stop.Token));
        Assert.NotEqual(5, ChunkCheckpoint.Read(job.SavedCheckpoint)!.CompletedChunks);
    }

    private static Task<JsonNode?> RunAsync(FakeJobContext job, int chunks, int failsAt = int.MaxValue) => ChunkedWork.RunAsync(
        job, chunks, JsonValue.Create(""),
        (n, state, _) => n == failsAt ? throw new InvalidOperationException("the worker died") : Task.FromResult<JsonNode?>(JsonValue.Create(state!.GetValue<string>() + n)),
        Cancellation);
}

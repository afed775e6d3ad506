using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class KnownQueuesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<TaskCompletionSource<IReadOnlyList<string>>> _asked = [];
    private readonly KnownQueues _queues;

    public KnownQueuesTests() => _queues = new(Ask, _time);

    [Fact]
    public async Task All_who_look_within_half_a_second_share_one_question_and_its_answer()
    {
        var first = _queues.Names();
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Same(first, _queues.Names());
        _asked[0].SetResult(["a"]);
        Assert.Equal(["a"], await first);
        Assert.Same(first, _queues.Names());
        Assert.Single(_asked);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        var second = _queues.Names();
        _asked[1].SetResult(["a", "b"]);
        Assert.Equal(["a", "b"], await second);
    }

    [Fact]
    public async Task A_question_that_failed_is_asked_again_at_once()
    {
        var first = _queues.Names();
        _asked[0].SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => first);

        var second = _queues.Names();
        _asked[1].SetResult(["a"]);
        Assert.Equal(["a"], await second);
    }

    private Task<IReadOnlyList<string>> Ask()
    {
        _asked.Add(new());
        return _asked[^1].Task;
    }
}

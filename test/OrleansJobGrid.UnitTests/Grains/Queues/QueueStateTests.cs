using OrleansJobGrid.Grains.Queues;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

public sealed class QueueStateTests
{
    [Fact]
    public void What_is_written_is_read_again()
    {
        var state = new QueueState
        {
            Day = 20_600,
            Used = new Dictionary<string, double> { ["x"] = 12.5, [""] = 3 },
            Learned = new Dictionary<string, LearnedRuns> { ["a|m1|||"] = new([1.5, 2], [8_000], 16_001, 1_785_000_600_000) },
        };
        var read = QueueState.Read(state.Write());
        Assert.Equal(state.Day, read.Day);
        Assert.Equal(state.Used, read.Used);
        Assert.Equal(state.Learned.Keys, read.Learned.Keys);
        var (written, again) = (state.Learned["a|m1|||"], read.Learned["a|m1|||"]);
        Assert.Equal(written.Seconds, again.Seconds);
        Assert.Equal(written.MemoryMb, again.MemoryMb);
        Assert.Equal((written.FloorMb, written.FloorUntil), (again.FloorMb, again.FloorUntil));
    }

    [Fact]
    public void A_view_gives_back_what_it_was_given_of_the_runs()
    {
        var learned = new Dictionary<string, LearnedRuns> { ["a|m1|||"] = new([1.5, 2], [8_000], 16_001, 1_785_000_600_000) };
        var view = new ReadyView(1);
        view.Restore(learned);
        var again = Assert.Single(view.Learned(10)).Value;
        Assert.Equal(learned["a|m1|||"].Seconds, again.Seconds);
        Assert.Equal(learned["a|m1|||"].MemoryMb, again.MemoryMb);
        Assert.Equal((16_001, 1_785_000_600_000), (again.FloorMb, again.FloorUntil));
        Assert.Empty(view.Learned(0));
    }
}

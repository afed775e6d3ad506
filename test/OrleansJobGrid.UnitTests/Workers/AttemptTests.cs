using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class AttemptTests
{
    private readonly Attempt _attempt = new FakeConnector().Attempt();

    [Fact]
    public void End_Twice_KeepsTheFirstOrder()
    {
        _attempt.End(EndOrder.Drain);
        _attempt.End(EndOrder.Abandon);

        Assert.Equal(EndOrder.Drain, _attempt.Order);
        Assert.True(_attempt.Token.IsCancellationRequested);
    }

    [Theory]
    [InlineData(ReportOutcome.Accepted, EndOrder.None)]
    [InlineData(ReportOutcome.StopRequested, EndOrder.Stop)]
    [InlineData(ReportOutcome.Stale, EndOrder.Abandon)]
    [InlineData(ReportOutcome.Gone, EndOrder.Abandon)]
    [InlineData(ReportOutcome.LeaveIt, EndOrder.LetGo)]
    public void Obey_WhatTheGridSaid_OrdersTheEnd(int outcome, int order)
    {
        _attempt.Obey((ReportOutcome)outcome);
        Assert.Equal((EndOrder)order, _attempt.Order);
        Assert.Equal((EndOrder)order != EndOrder.None, _attempt.Token.IsCancellationRequested);
    }

    /// <summary>A lease that ends looks through all attempts: one that ends by itself at that moment must not hinder it.</summary>
    [Fact]
    public void End_AfterItsOwnEnd_DoesNothing()
    {
        _attempt.Dispose();
        _attempt.End(EndOrder.Abandon);

        Assert.Equal(EndOrder.Over, _attempt.Order);
        Assert.False(_attempt.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task End_WhileItEndsByItself_NeverThrows()
    {
        for (var i = 0; i < 500; i++)
        {
            var attempt = new FakeConnector().Attempt();
            await Task.WhenAll(Task.Run(() => attempt.End(EndOrder.Abandon)), Task.Run(attempt.Dispose));
            Assert.True(attempt.Order is EndOrder.Over or EndOrder.Abandon);
        }
    }

    [Fact]
    public void Progressed_Backwards_IsIgnored_AndSoIsWhatIsNoNumber()
    {
        _attempt.Progressed(40, "forty");
        _attempt.Progressed(30, "thirty");
        _attempt.Progressed(double.NaN, "none");
        Assert.Equal((40, "forty"), _attempt.TakeProgress());
        Assert.Null(_attempt.TakeProgress());

        _attempt.Progressed(40, "still forty");
        _attempt.Progressed(400, "done");
        Assert.Equal((100, "done"), _attempt.TakeProgress());
    }

    [Fact]
    public void CheckpointAgain_GivesWayToALaterOne()
    {
        _attempt.Checkpointed([1]);
        Assert.Equal([1], _attempt.TakeCheckpoint());
        Assert.Null(_attempt.TakeCheckpoint());

        _attempt.CheckpointAgain([1]);
        Assert.Equal([1], _attempt.TakeCheckpoint());
        _attempt.Checkpointed([2]);
        _attempt.CheckpointAgain([1]);
        Assert.Equal([2], _attempt.TakeCheckpoint());
    }
}

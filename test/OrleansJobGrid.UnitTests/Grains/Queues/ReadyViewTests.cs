using CsCheck;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

public sealed class ReadyViewTests
{
    private static readonly Signature A = new("service=a");
    private static readonly Signature B = new("service=b");
    private static readonly WorkerMatch OnlyA = new(WorkerCapabilities.None, ["a"]);

    [Fact]
    public void Whatever_happens_the_view_shows_what_a_sorted_list_would_and_forgets_no_job() =>
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, 1 << 16], Gen.Int[0, 1 << 16], (kind, a, b) => new QueueEvent(kind, a, b)).Array[0, 60].Sample(
            events =>
            {
                var world = new QueueWorld();
                foreach (var e in events)
                    world.Happen(e);
                world.ScanAndDrain();
            },
            iter: 2_000);

    [Fact]
    public void A_job_that_no_worker_can_do_blocks_nobody_behind_it()
    {
        var view = new ReadyView(1);
        view.Add(0, Ready("unworkable", 1, priority: 100), B);
        view.Add(0, Ready("second", 2, priority: 1), A);

        Assert.Equal("second", view.Pop(OnlyA, ClaimFacts.None, 0)!.Value.Ready.JobId);
        Assert.Null(view.Pop(OnlyA, ClaimFacts.None, 0));
        Assert.Equal(1, view.Position("unworkable"));
    }

    [Fact]
    public void Remove_OfAFormerNumber_LeavesTheEntryThatCameBack()
    {
        var view = new ReadyView(1);
        view.Add(0, Ready("job", 1), A);
        view.Add(0, Ready("job", 5), A);

        Assert.False(view.Remove("job", 1));
        Assert.False(view.Add(0, Ready("job", 3), A));
        Assert.Equal(5, view.Pop(OnlyA, ClaimFacts.None, 0)!.Value.Ready.Number);
        Assert.Null(view.Pop(OnlyA, ClaimFacts.None, 0));
    }

    [Fact]
    public void SawAll_WithAGap_IsFalseUntilTheGapIsFilledOrScanned()
    {
        var view = new ReadyView(2);
        view.Add(0, Ready("one", 1), A);
        view.Add(0, Ready("three", 3), A);
        Assert.True(view.SawAll(0, 1));
        Assert.False(view.SawAll(0, 3));
        Assert.False(view.SawAll(1, 1));

        view.Reconcile(0, 2, new Dictionary<string, StoredReady> { ["one"] = Ready("one", 1) }, _ => A);

        Assert.True(view.SawAll(0, 3));
        Assert.False(view.SawAll(0, 4));
        Assert.Equal(2, view.Count);
    }

    /// <summary>Requirements that come once, such as those with exclusions, must not fill the memory, nor slow the claims.</summary>
    [Fact]
    public void Requirements_that_come_and_go_leave_no_room_taken()
    {
        var view = new ReadyView(1);
        view.Add(0, Ready("head", 1, priority: 100), A);
        for (var number = 2; number < 20_000; number++)
        {
            view.Add(0, Ready("job-" + number, number), new("service=a\nnot=worker:" + number));
            Assert.True(view.Remove("job-" + number, number));
        }

        Assert.InRange(view.Buckets, 1, 100);
        Assert.Equal("head", view.Pop(OnlyA, ClaimFacts.None, 0)!.Value.Ready.JobId);
    }

    [Theory]
    [InlineData("5f0c2c1e-8a3e-4c8e-9d55-0b8d0e6f1a2b")]
    [InlineData("5F0C2C1E-8A3E-4C8E-9D55-0B8D0E6F1A2B")]
    [InlineData("{5f0c2c1e-8a3e-4c8e-9d55-0b8d0e6f1a2}")]
    [InlineData("a-job-of-a-name-that-has-36-letters!")]
    [InlineData("x")]
    public void Pop_WhateverTheIdLooksLike_GivesItBackAsItWas(string id)
    {
        var view = new ReadyView(1);
        view.Add(0, Ready(id, 1), A);
        Assert.Equal(1, view.Position(id));
        Assert.Null(view.Position(id + "x"));
        Assert.Equal(id, view.Pop(OnlyA, ClaimFacts.None, 0)!.Value.Ready.JobId);
    }

    private static StoredReady Ready(string jobId, long number, int priority = 50) => new(jobId, number, new(priority, 0, number), A.Hash, "");
}

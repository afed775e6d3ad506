using CsCheck;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests;

public sealed class JobShardTests
{
    [Fact]
    public void Of_AnyId_IsInRangeAndStable() =>
        Gen.Select(Gen.String, Gen.Int[1, 64]).Sample((id, shards) =>
        {
            var shard = JobShard.Of(id, shards);
            Assert.InRange(shard, 0, shards - 1);
            Assert.Equal(shard, JobShard.Of(id, shards));
        });

    /// <summary>A store outlives the process: the place of a job must never move with a version.</summary>
    [Theory]
    [InlineData("", 0xcbf29ce484222325UL)]
    [InlineData("a", 0xaf63dc4c8601ec8cUL)]
    [InlineData("foobar", 0x85944171f73967e8UL)]
    public void TextHash_KnownVectors_AreFnv1a64(string text, ulong expected) => Assert.Equal(expected, TextHash.Of(text));

    [Fact]
    public void Of_ManyIds_SpreadOverAllShards()
    {
        var counts = new int[16];
        for (var i = 0; i < 16_000; i++)
            counts[JobShard.Of($"job-{i}", 16)]++;
        Assert.All(counts, c => Assert.InRange(c, 800, 1_200));
    }
}

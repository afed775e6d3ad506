using CsCheck;
using OrleansJobGrid.Chaos.Faults;
using Xunit;

namespace OrleansJobGrid.UnitTests.Chaos;

public sealed class FaultScheduleTests
{
    private static readonly Gen<(int Seed, int Seconds, bool OneProcess)> Terms = Gen.Select(Gen.Int[1, 100_000], Gen.Int[10, 600], Gen.Bool);

    [Fact]
    public void A_seed_gives_one_schedule() => Terms.Sample(terms => Assert.Equal(Of(terms), Of(terms)));

    [Fact]
    public void No_two_faults_hit_the_same_at_once_and_all_begin_within_the_run() => Terms.Sample(terms =>
    {
        var faults = Of(terms);
        Assert.All(faults, f => Assert.InRange(f.At, TimeSpan.Zero, TimeSpan.FromSeconds(terms.Seconds)));
        foreach (var onOne in faults.GroupBy(f => f.Target))
            Assert.All(onOne.Zip(onOne.Skip(1)), pair => Assert.True(pair.First.At + pair.First.For <= pair.Second.At));
    });

    [Fact]
    public void Every_nemesis_comes_up() =>
        Assert.Equal(Nemeses.All, Enumerable.Range(1, 20).SelectMany(seed => Of((seed, 60, false))).Select(f => f.Nemesis).Distinct().Order());

    [Theory]
    [InlineData("stop,kill-silo", false, "KillSilo,Stop")]
    [InlineData("all", true, "KillSilo,Stop,Clock,Disk,Rolling")]
    public void Nemeses_are_named(string text, bool oneProcess, string expected) => Assert.Equal(expected, string.Join(',', Nemeses.Parse(text, oneProcess)));

    [Theory]
    [InlineData("kill-all", false, "there is no 'kill-all'")]
    [InlineData("proxy", true, "proxy has nothing to act on")]
    public void A_wrong_nemesis_is_named(string text, bool oneProcess, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => Nemeses.Parse(text, oneProcess)).Message, StringComparison.Ordinal);

    private static IReadOnlyList<Fault> Of((int Seed, int Seconds, bool OneProcess) terms) => FaultSchedule.Of(
        terms.Seed, terms.OneProcess ? Nemeses.OfOneProcess : Nemeses.All, TimeSpan.FromSeconds(terms.Seconds), terms.OneProcess ? 1 : 3, terms.OneProcess);
}

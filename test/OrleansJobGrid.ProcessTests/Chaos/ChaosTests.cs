using OrleansJobGrid.Chaos;
using OrleansJobGrid.Chaos.Broken;
using OrleansJobGrid.Chaos.Checking;
using OrleansJobGrid.Chaos.Faults;
using OrleansJobGrid.ProcessTests.Recovery;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Chaos;

/// <summary>The short set of seeds; the program runs the long one.</summary>
[Collection(TimedCollection.Name)]
public sealed class ChaosTests
{
    /// <summary>The seed whose steps of the clock once kept silos from joining for as long as the clock had been ahead.</summary>
    private const int Stepped = 3;

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(20);

    [Fact]
    public Task Silos_a_gateway_and_redis_under_all_nemeses_lose_and_double_nothing() =>
        HoldsAsync(new() { Seeds = [Stepped], Nemeses = Possible(Nemeses.All) });

    [Fact]
    public Task One_process_on_sqlite_under_all_nemeses_loses_and_doubles_nothing() => HoldsAsync(new()
    {
        Seeds = [1],
        OneProcess = true,
        Silos = 1,
        Nemeses = Possible(Nemeses.OfOneProcess),
        Length = TimeSpan.FromSeconds(30),
    });

    [Fact]
    public async Task Three_silos_that_are_rolled_under_load_fail_no_request()
    {
        var verdict = await HoldsAsync(new() { Nemeses = [Nemesis.Rolling], Length = TimeSpan.FromSeconds(30) });

        Assert.Equal(0, verdict.FailedRequests);
    }

    [Fact]
    public void This_machine_can_bring_about_all_nemeses() =>
        Assert.SkipWhen(Nemeses.All.Any(n => n.Obstacle() is not null), string.Join("; ", Nemeses.All.Select(n => n.Obstacle()).OfType<string>()));

    [Fact]
    public async Task The_checker_finds_what_a_grid_that_acknowledges_before_the_write_loses()
    {
        var verdict = await RunAsync(new()
        {
            Without = BrokenGrid.WriteBeforeAcknowledgement,
            Nemeses = [Nemesis.KillSilo, Nemesis.KillStore],
            Length = Short,
            Settle = TimeSpan.FromSeconds(10),
        });

        Assert.NotEmpty(verdict.Findings.Lost);
    }

    [Theory]
    [InlineData(BrokenGrid.Nothing, false)]
    [InlineData(BrokenGrid.Epochs, true)]
    public async Task Completions_that_are_delivered_twice_are_doubled_only_where_there_are_no_epochs(string without, bool doubled)
    {
        var verdict = await RunAsync(new() { Without = without, Nemeses = [Nemesis.KillSilo], Length = Short });

        Assert.Equal(doubled, verdict.Findings.DoubledCompletions.Count > 0);
    }

    private static async Task<Verdict> HoldsAsync(ChaosOptions options)
    {
        var verdict = await RunAsync(options);
        Assert.True(verdict.Holds, $"{string.Join('\n', verdict.Words())}\nrepeat: {options.Repeat(options.Seeds[0])}");
        Assert.Equal(options.Rate * options.Length.TotalSeconds, verdict.Findings.Acknowledged + verdict.Findings.Sagas);
        Assert.NotEqual(0, verdict.Findings.Sagas);
        return verdict;
    }

    /// <summary>What the run kept stays where it failed.</summary>
    private static async Task<Verdict> RunAsync(ChaosOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-chaos-").FullName;
        var verdict = await new ChaosRun(options with { Out = folder }, options.Seeds[0]).RunAsync(TestContext.Current.CancellationToken);
        TestContext.Current.SendDiagnosticMessage("{0}", verdict);
        if (verdict.Holds || options.Without is not null)
            Directory.Delete(folder, recursive: true);
        return verdict;
    }

    private static IReadOnlyList<Nemesis> Possible(IReadOnlyList<Nemesis> nemeses) => [.. nemeses.Where(n => n.Obstacle() is null)];
}

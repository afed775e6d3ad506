using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>kill -9 of redis-server while jobs are on their way, and its return: shorter and longer than a lease.</summary>
public sealed class StoreDeathTests
{
    private const int Jobs = 24;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(3)]
    [InlineData(15)]
    public async Task A_store_that_dies_and_comes_back_loses_nothing_and_doubles_nothing(int secondsAway)
    {
        await using var service = await TestServiceProcess.StartAsync();
        await using var grid = await RecoveryGrid.StartAsync(2, 6, _ => OutsideSettings.Of(service.Url));
        var ids = await grid.SubmitAsync(Jobs, new { duration_ms = 4_000, output = "out.txt" });
        await Eventually.GetAsync("the first run", Limit, () => Task.FromResult<(object?, string)>((service.Executions().Count >= 6 ? service : null, grid.Logs())));

        await grid.Redis.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(secondsAway), TimeProvider.System);
        await grid.Redis.RestartAsync(TestContext.Current.CancellationToken);

        var tally = new Tally($"store away for {secondsAway} s");
        tally.Add(await grid.FinalAsync("after the store's return", ids, Limit, service));
        tally.Print();
    }
}

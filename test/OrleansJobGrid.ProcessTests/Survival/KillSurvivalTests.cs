using System.Globalization;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.Storage.Sqlite;
using OrleansJobGrid.TestKit.Redis;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Survival;

/// <summary>Three seeded rounds a store; <c>JOBGRID_KILL_ROUNDS=10</c> makes it ten.</summary>
public sealed class KillSurvivalTests
{
    public static TheoryData<int> Seeds
    {
        get
        {
            var rounds = Environment.GetEnvironmentVariable("JOBGRID_KILL_ROUNDS") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : 3;
            return [.. Enumerable.Range(1, rounds)];
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Killed_grid_on_sqlite_completes_every_job_and_repeats_no_finished_work(int seed)
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-kill-").FullName;
        await new KillRound(seed, folder, null).RunAsync(async () =>
            await SqliteJobStore.OpenAsync(new() { DataFolder = folder }, TimeProvider.System, TestContext.Current.CancellationToken));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Killed_grid_on_redis_completes_every_job_and_repeats_no_finished_work(int seed)
    {
        await using var redis = await RedisServer.StartAsync(RedisServerSettings.Durable);
        var folder = Directory.CreateTempSubdirectory("jobgrid-kill-").FullName;
        await new KillRound(seed, folder, redis.Endpoint).RunAsync(async () =>
            await RedisJobStore.OpenAsync(new() { Endpoint = redis.Endpoint }, TimeProvider.System, TestContext.Current.CancellationToken));
        Directory.Delete(folder, recursive: true);
    }
}

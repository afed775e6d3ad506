using System.Security.Cryptography;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.Storage.Sqlite;
using OrleansJobGrid.TestKit.Stores.Survival;

// Writes random batches into a store until it is killed; its output says what was sent and what was acknowledged.
// The last argument may be a seed. It ends by itself when its standard input does, so that it never outlives its test.

if (await OpenAsync(args) is not { } opened)
{
    await Console.Error.WriteLineAsync("usage: StoreWriter sqlite FOLDER [SEED] | redis HOST:PORT CLUSTER SHARDS [SEED]");
    return 2;
}

using var ended = new CancellationTokenSource();
var input = Task.Run(() =>
{
    while (Console.In.Read() >= 0) { }
    ended.Cancel();
});
try
{
    await using (opened.Store)
        await new RandomWriter(opened.Store, opened.Seed, Console.Out).RunAsync(ended.Token);
}
catch (OperationCanceledException) when (ended.IsCancellationRequested)
{
    return 0;
}
return 1;

static async Task<(IJobStore Store, int Seed)?> OpenAsync(string[] args) => args switch
{
    ["sqlite", var folder, .. var rest] when rest.Length < 2 =>
        (await SqliteJobStore.OpenAsync(new SqliteStoreOptions { DataFolder = folder }, TimeProvider.System, CancellationToken.None), Seed(rest)),
    ["redis", var endpoint, var cluster, var shards, .. var rest] when rest.Length < 2 =>
        (await RedisJobStore.OpenAsync(
            new RedisStoreOptions { Endpoint = endpoint, Cluster = cluster, Shards = int.Parse(shards) }, TimeProvider.System, CancellationToken.None), Seed(rest)),
    _ => null,
};

static int Seed(string[] rest) => rest is [var seed] ? int.Parse(seed) : RandomNumberGenerator.GetInt32(int.MaxValue / 8);

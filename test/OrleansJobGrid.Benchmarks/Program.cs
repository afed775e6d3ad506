using OrleansJobGrid.Benchmarks;

switch (args)
{
    case ["redis-store"]:
        await RedisStoreBenchmark.RunAsync();
        return 0;
    default:
        Console.Error.WriteLine("benchmarks: name one of: redis-store.");
        return 2;
}

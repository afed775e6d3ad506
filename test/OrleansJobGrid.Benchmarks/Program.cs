using OrleansJobGrid.Benchmarks;
using OrleansJobGrid.Benchmarks.Harness;

const string Usage = """
    benchmarks: name one of
      throughput  [--store sqlite|redis-everysec|redis-always|all] [--jobs 50000] [--slots 50] [--silos 1,2,3] [--dashboard on|off]
      submit      [--store sqlite|redis-everysec|redis-always|all] [--jobs 50000] [--connections 64]
      drain       [--store sqlite|redis-everysec|redis-always|all] [--jobs 20000,200000] [--slots 50]
      growth      [--store sqlite|redis-everysec|redis-always|all] [--jobs 40000] [--depths 1000,10000,100000,1000000] [--counts 10,100,1000] [--slots 1000 | --slots-each N]
      peers       [--store redis-everysec|redis-always] [--jobs 50000] [--slots 50] [--peers grid,bullmq,hangfire]
      memory      [--jobs 100000]
      latency     [--store sqlite|redis-everysec|redis-always|all] [--rates 50,500,2000] [--seconds 20] [--slots 50]
      redis-store
      claims      [--jobs 1000000] [--signatures 100,500,1000] [--count 20000] [--rebuild 200000]
      rebuild     [--jobs 200000]
      day         [--workers 50] [--hours 24]
      workers     [--count 1000] [--seconds 60]
      events      [--store sqlite|redis-everysec|redis-always|all] [--count 20000] [--rounds 3] [--slots 50]
      sagas       [--store sqlite|redis-everysec|redis-always|all] [--count 1000] [--milliseconds 1,50,200] [--slots 50]
    """;

try
{
    var options = BenchmarkArguments.Parse(args.Skip(1));
    switch (args.FirstOrDefault())
    {
        case "throughput":
            await ThroughputBenchmark.RunAsync(options);
            return 0;
        case "submit":
            await SubmitBenchmark.RunAsync(options);
            return 0;
        case "drain":
            await DrainBenchmark.RunAsync(options);
            return 0;
        case "growth":
            await GrowthBenchmark.RunAsync(options);
            return 0;
        case "peers":
            await PeersBenchmark.RunAsync(options);
            return 0;
        case "memory":
            await MemoryBenchmark.RunAsync(options);
            return 0;
        case "latency":
            await LatencyBenchmark.RunAsync(options);
            return 0;
        case "claims":
            await ClaimBenchmark.RunAsync(options);
            return 0;
        case "rebuild":
            await RebuildBenchmark.RunAsync(options);
            return 0;
        case "day":
            await DayBenchmark.RunAsync(options);
            return 0;
        case "workers":
            await WorkersBenchmark.RunAsync(options);
            return 0;
        case "events":
            await EventsBenchmark.RunAsync(options);
            return 0;
        case "sagas":
            await SagaBenchmark.RunAsync(options);
            return 0;
        case "redis-store":
            await RedisStoreBenchmark.RunAsync();
            return 0;
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(Usage);
    return 2;
}

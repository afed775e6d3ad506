using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Benchmarks;

/// <summary>Jobs of many requirements, and eight kinds of workers that can do from a tenth of them to all.</summary>
internal sealed class ClaimWorld
{
    private const int ServiceCount = 10;
    private static readonly int[] Gigabytes = [8, 16, 24, 48, 80];

    /// <summary>Of each profile: services offered, memory in GB.</summary>
    private static readonly (int Services, int Gigabytes)[] Profiles = [(1, 80), (3, 16), (3, 80), (6, 24), (6, 48), (10, 24), (10, 48), (10, 80)];

    private readonly Random _random = new(1);
    private readonly string[] _customers;
    private readonly string[][] _loaded = [.. Profiles.Select(_ => Array.Empty<string>())];
    private long _number;

    public ClaimWorld(int signatures, int customers)
    {
        Signatures = [.. Enumerable.Range(0, signatures).Select(SignatureOf)];
        _customers = [.. Enumerable.Range(0, customers).Select(c => $"customer-{c}")];
        Workers = [.. Profiles.Select(WorkerOf)];
    }

    public IReadOnlyList<Signature> Signatures { get; }

    public IReadOnlyList<WorkerMatch> Workers { get; }

    /// <summary>Requirements that a worker can serve.</summary>
    public int Served(WorkerMatch worker) => Signatures.Count(s => Matcher.Matches(JobNeed.Of(s), worker));

    /// <summary>Another job, its id a UUID.</summary>
    public (StoredReady Ready, Signature Signature) Next(long clock)
    {
        Span<byte> id = stackalloc byte[16];
        _random.NextBytes(id);
        var signature = Signatures[_random.Next(Signatures.Count)];
        var customer = _customers[_random.Next(_customers.Length)];
        var number = ++_number;
        return (new(new Guid(id).ToString(), number, new(_random.Next(40, 61), clock + number, number), signature.Hash, customer), signature);
    }

    public ClaimFacts Facts(int worker)
    {
        var memory = Workers[worker].Capabilities.Hardware!.GpuMemoryMb;
        return new() { TotalGpuMemoryMb = memory, FreeGpuMemoryMb = memory, LoadedModels = _loaded[worker] };
    }

    /// <summary>The worker has the model of the job that it took.</summary>
    public void Loaded(int worker, Signature signature) => _loaded[worker] = [.. JobRequirements.Parse(signature.Needs).Models!];

    private static Signature SignatureOf(int n)
    {
        var needs = new JobRequirements { Models = [$"model-{n}"], Hardware = new() { GpuMemoryGb = Gigabytes[n / ServiceCount % Gigabytes.Length] } };
        return new($"service=service-{n % ServiceCount}\nneeds={needs.Text}");
    }

    private static WorkerMatch WorkerOf((int Services, int Gigabytes) profile)
    {
        var capabilities = new WorkerCapabilities
        {
            Models = new Dictionary<string, IReadOnlyList<string>> { ["*"] = [WorkerCapabilities.All] },
            Hardware = new() { GpuMemoryMb = JobNeed.MegabytesOf(profile.Gigabytes) },
        };
        return new(capabilities, Enumerable.Range(0, profile.Services).Select(s => $"service-{s}"), null, $"worker-{profile}");
    }
}

using CsCheck;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

/// <summary>Which job a worker gets, whatever the mix of jobs, workers, customers and policies.</summary>
public sealed class ChoiceTests
{
    private static readonly Signature[] Signatures =
    [
        new("service=a"),
        new("service=b"),
        new("service=a\nneeds=" + new JobRequirements { Models = ["m1"] }.Text),
        new("service=a\nneeds=" + new JobRequirements { Models = ["m2"] }.Text),
        new("service=a\nneeds=" + new JobRequirements { Hardware = new() { GpuMemoryGb = 20 } }.Text),
        new("service=a\nneeds=" + new JobRequirements { Envelope = new() { GpuMemoryGb = 10 } }.Text),
        new("service=a\nfloor=12000"),
        new("service=b\nneeds=" + new JobRequirements { CustomerIsolation = "strict" }.Text),
        new("service=a\nnot=worker:w1"),
        new("service=c"),
    ];

    private static readonly WorkerMatch[] Workers =
    [
        new(WorkerCapabilities.None, ["a"], null, "w0"),
        new(new() { Hardware = new() { GpuMemoryMb = 24_000 }, Models = Everywhere("m1") }, ["a"], null, "w1"),
        new(new() { Hardware = new() { GpuMemoryMb = 16_000 }, Models = Everywhere("m1", "m2") }, ["a", "b"], null, "w2"),
        new(new() { CustomerAccess = new() { Isolation = "strict" } }, ["a", "b"], null, "w3"),
        new(new() { CustomerAccess = new() { AllowedCustomers = ["x", "y"], MaxConcurrentCustomers = 2 } }, ["a", "b"], null, "w4"),
        new(new() { CustomerAccess = new() { DeniedCustomers = ["x"] }, Models = Everywhere("all") }, ["a", "b"], null, "w5"),
    ];

    private static readonly string[] Customers = ["", "x", "y", "z"];

    private static readonly QueuePolicy[] Policies =
    [
        QueuePolicy.Strict,
        new() { Fair = true, Customers = Weights },
        new() { Affinity = true, MaxBypasses = 2, MaxBypassMs = 40 },
        new() { AgeingStepMs = 7 },
        new() { Fair = true, Affinity = true, MaxBypasses = 3, Customers = Weights },
        new() { Fair = true, Affinity = true, AgeingStepMs = 5, MaxBypasses = 1, Customers = Weights },
        new() { Customers = new Dictionary<string, CustomerTerms> { ["x"] = new(MaxInFlight: 1), ["y"] = new(MaxInFlight: 2) } },
        new() { Fair = true, EveryCustomer = new(MaxInFlight: 2), Customers = new Dictionary<string, CustomerTerms> { ["z"] = new(4, MaxInFlight: 1) } },
    ];

    private static Dictionary<string, CustomerTerms> Weights => new() { ["x"] = new(1), ["y"] = new(2), ["z"] = new(4) };

    [Fact]
    public void The_bucketed_queue_chooses_what_a_plain_scan_of_all_jobs_chooses() =>
        Gen.Select(Gen.Int[0, Policies.Length - 1], Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20]).Array[0, 80]).Sample(
            (policy, steps) => Compare(Policies[policy], steps), iter: 3_000);

    private static void Compare(QueuePolicy policy, (int Kind, int A, int B)[] steps)
    {
        var view = new ReadyView(1, policy);
        var scan = new PlainScan(policy);
        var running = new List<(string Customer, double Charge)>();
        var (number, clock) = (0L, 0L);
        foreach (var (kind, a, b) in steps)
        {
            clock += b % 10;
            if (kind <= 4)
            {
                var signature = Signatures[a % Signatures.Length];
                var ready = new StoredReady(
                    $"job-{++number}", number, new(a / 16 % 4, b / 16 % 60, number), signature.Hash, Customers[a / 64 % Customers.Length]);
                Assert.True(view.Add(0, ready, signature));
                scan.Add(ready, signature);
            }
            else if (kind <= 7)
            {
                var worker = Workers[a % Workers.Length];
                var facts = FactsOf(worker, a / 8, b);
                var able = Signatures.Any(s => view.CanTake(s, worker, facts, clock));
                var expected = scan.Take(worker, facts, clock);
                var taken = view.Pop(worker, facts, clock);
                Assert.Equal((expected?.Ready, expected?.Signature), (taken?.Ready, taken?.Signature));
                Assert.Equal(expected is not null, able);
                if (taken is { } item)
                    running.Add((item.Ready.Customer, item.Charge));
            }
            else if (running.Count > 0)
            {
                var (customer, charge) = running[a % running.Count];
                running.RemoveAt(a % running.Count);
                view.Ended(customer, charge, b % 4);
                scan.Ended(customer, b % 4);
            }

            Assert.Equal(scan.Jobs.Count, view.Count);
        }
    }

    private static ClaimFacts FactsOf(WorkerMatch worker, int a, int b) => new()
    {
        TotalGpuMemoryMb = worker.Capabilities.Hardware?.GpuMemoryMb,
        FreeGpuMemoryMb = worker.Capabilities.Hardware?.GpuMemoryMb is { } total ? total * (a % 5) / 4 : null,
        LoadedModels = (b % 4) switch { 0 => ["m1"], 1 => ["m2"], 2 => ["m1", "m2"], _ => [] },
        Customers = (a / 8 % 4) switch { 0 => ["x"], 1 => ["y", "z"], _ => [] },
    };

    private static Dictionary<string, IReadOnlyList<string>> Everywhere(params string[] models) => new() { ["*"] = models };
}

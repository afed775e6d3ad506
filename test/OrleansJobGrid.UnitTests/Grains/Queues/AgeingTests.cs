using CsCheck;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

/// <summary>Nobody waits for ever, and nobody waits behind a job that is not for this worker.</summary>
public sealed class AgeingTests
{
    private const long StepMs = 10;

    private static readonly Signature[] Signatures =
    [
        new("service=a"),
        new("service=b"),
        new("service=a\nneeds=" + new JobRequirements { Models = ["m1"] }.Text),
        new("service=b\nneeds=" + new JobRequirements { Models = ["m2"], Hardware = new() { GpuMemoryGb = 40 } }.Text),
        new("service=a\nneeds=" + new JobRequirements { Hardware = new() { GpuMemoryGb = 20 } }.Text),
    ];

    private static readonly WorkerMatch[] Workers =
    [
        WorkerOf("w0", 0, ["a"]),
        WorkerOf("w1", 24_000, ["a"], "m1"),
        WorkerOf("w2", 48_000, ["a", "b"], "m1", "m2"),
        WorkerOf("w3", 16_000, ["b"], "m2"),
    ];

    private static readonly string[] Customers = ["x", "y", "z"];

    private static Dictionary<string, CustomerTerms> Weights => new() { ["x"] = new(1), ["y"] = new(2), ["z"] = new(4) };

    [Fact]
    public void A_job_of_priority_p_is_overtaken_by_none_that_came_more_than_100_less_p_steps_later() =>
        Sample(new() { AgeingStepMs = StepMs }, job => (100 - job.Order.Priority) * StepMs);

    [Fact]
    public void Fairness_and_affinity_add_a_step_to_that_at_most() => Sample(
        new() { AgeingStepMs = StepMs, Fair = true, Affinity = true, Customers = Weights }, job => (101 - job.Order.Priority) * StepMs);

    [Fact]
    public void Without_ageing_a_job_is_overtaken_by_later_ones_of_a_higher_priority_for_ever()
    {
        var view = new ReadyView(1);
        Add(view, [], 1, 50, 0, 0, 0);
        Add(view, [], 2, 51, 1_000_000, 0, 0);
        Assert.Equal("job-2", view.Pop(Workers[0], ClaimFacts.None, 1_000_000)?.Ready.JobId);
    }

    private static void Sample(QueuePolicy policy, Func<StoredReady, long> bound) =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 100], Gen.Int[0, 1 << 20]).Array[1, 120].Sample(steps => Check(policy, bound, steps), iter: 2_000);

    private static void Check(QueuePolicy policy, Func<StoredReady, long> bound, (int Kind, int Priority, int Any)[] steps)
    {
        var view = new ReadyView(1, policy);
        var queued = new Dictionary<string, (StoredReady Ready, Signature Signature)>();
        var (number, clock) = (0L, 0L);
        foreach (var (kind, priority, any) in steps)
        {
            clock += any % 60;
            if (kind <= 5)
            {
                // Jobs of a workflow may be older than they came.
                var time = kind == 0 ? clock - (any % 300) : clock;
                Add(view, queued, ++number, priority, time, any / 64 % Signatures.Length, any / 512 % Customers.Length);
                continue;
            }

            var worker = Workers[any / 64 % Workers.Length];
            var facts = new ClaimFacts { LoadedModels = (any / 512 % 3) switch { 0 => ["m1"], 1 => ["m2"], _ => [] } };
            var taken = view.Pop(worker, facts, clock);
            var able = queued.Values.Where(j => Matcher.Matches(JobNeed.Of(j.Signature), worker)).ToList();
            if (taken is null)
            {
                Assert.Empty(able);
                continue;
            }

            Assert.All(able, j => Assert.True(taken.Value.Ready.Order.Time <= j.Ready.Order.Time + bound(j.Ready), $"{taken.Value.Ready} started before {j.Ready}"));
            Assert.True(queued.Remove(taken.Value.Ready.JobId));
        }
    }

    private static void Add(
        ReadyView view, Dictionary<string, (StoredReady, Signature)> queued, long number, int priority, long time, int signature, int customer)
    {
        var ready = new StoredReady($"job-{number}", number, new(priority, time, number), Signatures[signature].Hash, Customers[customer]);
        view.Add(0, ready, Signatures[signature]);
        queued.Add(ready.JobId, (ready, Signatures[signature]));
    }

    private static WorkerMatch WorkerOf(string id, long memoryMb, string[] services, params string[] models)
    {
        var capabilities = new WorkerCapabilities
        {
            Hardware = new() { GpuMemoryMb = memoryMb },
            Models = new Dictionary<string, IReadOnlyList<string>> { ["*"] = models },
        };
        return new(capabilities, services, null, id);
    }
}

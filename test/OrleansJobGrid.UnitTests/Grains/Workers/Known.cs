using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.UnitTests.Grains.Workers;

/// <summary>Workers and jobs for the reports about them.</summary>
internal static class Known
{
    public static WaitingJob Job(JobRequirements? needs = null, string customer = "", string queue = "default", params string[] labels) =>
        new(JobNeed.Of(SignatureOf(needs)), customer, queue, labels);

    public static Signature SignatureOf(JobRequirements? needs = null, string service = "draw") => new($"service={service}" + (needs is null ? "" : $"\nneeds={needs.Text}"));

    /// <summary>A live worker of the service draw.</summary>
    public static KnownWorker Worker(
        string id, WorkerCapabilities? can = null, int slots = 1, int jobs = 0, bool draining = false, string[]? queues = null, long? measuredMb = null,
        string[]? loaded = null, string service = "draw", string? outage = null, string? breaker = null)
    {
        var registration = Registration(can, slots, queues, service);
        var body = new SessionBody
        {
            Node = "n",
            Process = "p",
            Services = [service],
            Slots = slots,
            StartedAt = 0,
            Version = "1",
            Draining = draining,
            Queues = queues ?? [],
            Jobs = [.. Enumerable.Range(0, jobs).Select(n => $"job-{n}")],
            LoadedModels = loaded ?? [],
            Breakers = breaker is null ? new Dictionary<string, BreakerView>() : new Dictionary<string, BreakerView> { [service] = new("open", breaker, 0) },
            Gpu = outage is not null ? Gpu(64_000, 64_000) with { Fault = outage, Gone = true } : measuredMb is { } total ? Gpu(total, total) : null,
        };
        return KnownWorker.Of(new SessionRecord($"session-{id}", id, "silo", body.Write()), body, registration);
    }

    /// <summary>A worker that is registered and away.</summary>
    public static KnownWorker Away(string id, WorkerCapabilities? can = null) => KnownWorker.Of(id, Registration(can, 1, null, "draw"));

    public static GpuView Gpu(long totalMb, long freeMb) => new() { Uuid = "GPU-1", Name = "card", MemoryTotalMb = totalMb, MemoryFreeMb = freeMb };

    private static Registration Registration(WorkerCapabilities? can, int slots, string[]? queues, string service) => new()
    {
        Node = "n",
        Services = [service],
        Slots = slots,
        Version = "1",
        LastSeenAt = 0,
        Capabilities = can?.Text,
        Queues = queues ?? [],
    };
}

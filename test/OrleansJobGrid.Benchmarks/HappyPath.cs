using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Benchmarks;

/// <summary>The three operations that a job of the throughput benchmark leads to, as the grid itself makes them: submitted, assigned, completed.</summary>
internal static class HappyPath
{
    public static JobOperation[] Of(string id, string payload, long sequence, long clock)
    {
        var submission = new JobSubmission
        {
            Id = id,
            Service = "simulation",
            CustomerId = "bench",
            Payload = System.Text.Encoding.UTF8.GetBytes(payload),
            BodyHash = new string('0', 64),
        };
        var created = JobDecisions.Create(submission, sequence, clock, 3_600_000, new());
        var create = created.ToOperation(id, 0, default, Guid.NewGuid());
        var granted = JobDecisions.Grant(created.After!, new("worker", "session"), Guid.NewGuid(), clock)!;
        var grant = granted.ToOperation(id, 1, create.OperationId, default);
        var (_, completed) = JobDecisions.Complete(granted.After!, granted.After!.Token, new CompletionReport(), clock + 1);
        return [create, grant, completed!.ToOperation(id, 2, grant.OperationId, Guid.NewGuid())];
    }
}

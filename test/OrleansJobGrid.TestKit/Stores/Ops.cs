using System.Text;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.TestKit.Stores;

/// <summary>Makes operations for tests: a job's first, and the one after another.</summary>
public static class Ops
{
    /// <summary>Creates a job.</summary>
    public static JobOperation Create(string jobId, string record = "{}") =>
        new() { JobId = jobId, OperationId = Guid.NewGuid(), ExpectedVersion = 0, Record = Bytes(record) };

    /// <summary>Changes a job whose last applied operation is <paramref name="last"/>.</summary>
    public static JobOperation After(JobOperation last, string record = "{}") => new()
    {
        JobId = last.JobId,
        OperationId = Guid.NewGuid(),
        ExpectedVersion = last.ExpectedVersion + 1,
        ExpectedOperationId = last.OperationId,
        Record = Bytes(record),
    };

    /// <summary>Deletes a job whose last applied operation is <paramref name="last"/>.</summary>
    public static JobOperation Delete(JobOperation last) => After(last) with { Record = null };

    /// <summary>A ready entry of plain content.</summary>
    public static ReadyEntry Ready(string queue = "default", int priority = 50, long time = 1_000, long sequence = 1, string signature = "any") =>
        new(queue, new ReadyOrder(priority, time, sequence), unchecked((long)TextHash.Of(signature)), signature, "customer");

    /// <summary>The <paramref name="n"/>-th job id that lies in <paramref name="shard"/>.</summary>
    public static string JobIn(int shard, int shardCount, int n = 0)
    {
        for (var salt = 0; ; salt++)
            if ($"job-{n}-{salt}" is var id && JobShard.Of(id, shardCount) == shard)
                return id;
    }

    /// <summary>UTF-8.</summary>
    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>UTF-8.</summary>
    public static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}

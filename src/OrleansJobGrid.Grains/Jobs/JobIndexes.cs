using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// Which index entries a record has: the one place that says so. A change writes the difference between before and after, and
/// the checker compares the stored entries with these.
/// </summary>
public static class JobIndexes
{
    public const string All = "all";
    public const string Ids = "ids";
    public const string Due = "due";

    /// <summary>All dead letters.</summary>
    public const string Dead = "dead";

    private static readonly string[] StatusNames = ["", .. JobStatusNames.All.Select(s => "status:" + s.Name())];

    public static string Status(JobStatus status) => StatusNames[(int)status];

    public static string Service(string service) => "service:" + service;

    public static string Customer(string customerId) => "customer:" + customerId;

    public static string Workflow(string workflowId) => "workflow:" + workflowId;

    /// <summary>Dead letters whose failures are of one kind.</summary>
    public static string DeadOf(string fingerprint) => "dead:" + fingerprint;

    public static string Leased(string sessionId) => "leased:" + sessionId;

    /// <summary>The entries of a record. Lists have the sequence as their score, so that they read newest first.</summary>
    public static List<IndexEntry> Of(JobRecord record)
    {
        var entries = new List<IndexEntry>(8)
        {
            new(All, record.Sequence),
            new(Ids, 0),
            new(Status(record.Status), record.Sequence),
            new(Service(record.Service), record.Sequence),
            new(Due, JobDue.Next(record)),
        };
        if (record.CustomerId is { } customer)
            entries.Add(new(Customer(customer), record.Sequence));
        if (record.WorkflowId is { } workflow)
            entries.Add(new(Workflow(workflow), record.Sequence));
        if (record.Status.IsGranted())
            entries.Add(new(Leased(record.LastGrant!.SessionId), 0));
        if (record.Status.IsDeadLetter())
            entries.Add(new(Dead, record.Sequence));
        if (record.Status.IsDeadLetter() && record.Fingerprint is { } fingerprint)
            entries.Add(new(DeadOf(fingerprint), record.Sequence));
        return entries;
    }

    /// <summary>The ready entry of a record, or null.</summary>
    public static ReadyEntry? ReadyOf(JobRecord record)
    {
        if (!record.IsReady)
            return null;
        var signature = Signature.Of(record);
        return new(record.Queue, record.Order, signature.Hash, signature.Text, record.CustomerId ?? "");
    }
}

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>Makes the ids of jobs that were submitted without one.</summary>
public interface IJobIdSource
{
    /// <summary>A new id, fixed before the first write, so that its repetition cannot double.</summary>
    string Next();
}

/// <summary>Version 7 UUIDs, whose order is about that of submission; lower case with hyphens.</summary>
internal sealed class Version7JobIds(TimeProvider time) : IJobIdSource
{
    public string Next() => Guid.CreateVersion7(time.GetUtcNow()).ToString("D");
}

namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>Reads a job as <c>POST /api/jobs</c> takes it, for those who submit jobs within the grid.</summary>
public interface IJobBodyReader
{
    /// <summary>Reads one job.</summary>
    /// <param name="json">UTF-8 JSON without an id.</param>
    /// <param name="id">The id that it gets.</param>
    /// <param name="errors">All that is wrong, each with its field; empty where it is right.</param>
    /// <returns>Null where something is wrong.</returns>
    JobSubmission? Read(ReadOnlySpan<byte> json, string id, out IReadOnlyList<string> errors);
}

using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Gateway.Jobs;

/// <inheritdoc/>
public sealed class JobBodyReader : IJobBodyReader
{
    /// <inheritdoc/>
    public JobSubmission? Read(ReadOnlySpan<byte> json, string id, out IReadOnlyList<string> errors)
    {
        var reading = JobSubmissionReader.Read(json, new JobIdRule(new Given(id), null), 0);
        errors = [.. reading.Errors.Select(e => $"{e.Field} {e.Message}")];
        return reading.Job;
    }

    private sealed class Given(string id) : IJobIdSource
    {
        public string Next() => id;
    }
}

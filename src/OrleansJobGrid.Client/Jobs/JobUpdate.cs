namespace OrleansJobGrid.Client;

/// <summary>What a job's stream tells: <see cref="JobStateUpdate"/>, <see cref="JobProgressUpdate"/>, <see cref="JobPreviewUpdate"/> where it was asked for, and at last <see cref="JobEndUpdate"/>.</summary>
public abstract record JobUpdate
{
    private protected JobUpdate() { }
}

/// <summary>The job changed, or the stream has just begun (also after a reconnection, so the same state may come twice).</summary>
/// <param name="Job">The job now.</param>
public sealed record JobStateUpdate(Job Job) : JobUpdate;

/// <summary>The job came further.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Progress">0 to 100.</param>
/// <param name="Message">What it does now, in the service's words.</param>
public sealed record JobProgressUpdate(string JobId, double Progress, string? Message) : JobUpdate;

/// <summary>An unfinished picture; the grid keeps none.</summary>
/// <param name="JobId">The job.</param>
/// <param name="ContentType">What it is, such as <c>image/jpeg</c>.</param>
/// <param name="Data">The file's bytes.</param>
public sealed record JobPreviewUpdate(string JobId, string ContentType, byte[] Data) : JobUpdate;

/// <summary>The job is final; nothing follows.</summary>
/// <param name="Job">The job with its result, error and outputs.</param>
public sealed record JobEndUpdate(Job Job) : JobUpdate;

namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>A post to a service outside, recorded durably before its first byte leaves the worker. Without a record there was no post.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.ServiceSubmission")]
public sealed record ServiceSubmission
{
    /// <summary>From 1 within the grant's epoch.</summary>
    [Id(0)] public required int N { get; init; }

    /// <summary>The grant under which it was posted.</summary>
    [Id(1)] public required long Epoch { get; init; }

    /// <summary>The service instance, unique in the grid: the very one that is asked later.</summary>
    [Id(2)] public required string Instance { get; init; }

    /// <summary>The mark by which the service knows the work; see <see cref="ExternalIds"/>.</summary>
    [Id(3)] public required string ExternalId { get; init; }

    /// <summary>What the service says of its boot: another value later means that it was restarted.</summary>
    [Id(4)] public string? BootMark { get; init; }

    /// <summary>The machine, where the instance lives on its worker's; null: elsewhere.</summary>
    [Id(5)] public string? Node { get; init; }

    /// <summary>Unix ms of the store's clock; set by the job.</summary>
    [Id(6)] public long At { get; init; }

    /// <summary>How long the post itself may take, ms: after that it cannot land any more.</summary>
    [Id(7)] public long SubmitTimeoutMs { get; init; } = 10_000;

    /// <summary>Found not to be there (a post that was still on the wire may land all the same); set by the job.</summary>
    [Id(8)] public bool Over { get; init; }

    /// <summary>Its worker said that it ended: only if it is found to run after all is there something to tell; set by the job.</summary>
    [Id(9)] public bool Ended { get; init; }

    /// <summary>That it came in late is in the log; set by the job.</summary>
    [Id(10)] public bool Told { get; init; }

    /// <summary>The service's own id of the work, at most 256 characters; null: it is asked by the mark.</summary>
    [Id(11)] public string? ServiceId { get; init; }
}

/// <summary>Marks of submissions.</summary>
public static class ExternalIds
{
    private static readonly Guid Space = new("3f1c6c0e-6f4b-5d0a-9f0e-6a1f2f5d7c11");

    /// <summary>
    /// The mark of the n-th post of a grant: a UUID version 5 (RFC 9562) in lowercase with hyphens, the only form that every service takes.
    /// </summary>
    public static string Of(string jobId, long epoch, int n) => NameBasedGuid.Of(Space, $"{jobId}/{epoch}/{n}").ToString("D");
}

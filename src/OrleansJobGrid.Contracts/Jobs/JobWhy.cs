namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>Why a job is where it is, and what would move it on.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.JobWhy")]
public sealed record JobWhy
{
    [Id(0)] public required string JobId { get; init; }
    [Id(1)] public required JobStatus Status { get; init; }

    /// <summary>For a person: why, and what ends it.</summary>
    [Id(2)] public required string Summary { get; init; }

    /// <summary>Whether some registered worker can do it; true where the job does not wait for one.</summary>
    [Id(3)] public bool Workable { get; init; } = true;

    /// <summary>Workers that are registered, and of these those that live and claim.</summary>
    [Id(4)] public int Registered { get; init; }
    [Id(5)] public int Live { get; init; }

    /// <summary>Live workers that can do it, and of these those with a free slot.</summary>
    [Id(6)] public int Matching { get; init; }
    [Id(7)] public int Free { get; init; }

    /// <summary>What keeps live workers (where none lives, registered ones) from it, each worker counted once, the most frequent first.</summary>
    [Id(8)] public IReadOnlyList<ClauseCount> Clauses { get; init; } = [];

    /// <summary>What its queue knows of its wait; null: it is not ready.</summary>
    [Id(9)] public Queues.QueueWait? Wait { get; init; }

    /// <summary>When it may start, seconds from now: as likely before as after, and with nine chances in ten; null: nothing to reckon with.</summary>
    [Id(10)] public double? StartP50Seconds { get; init; }
    [Id(11)] public double? StartP90Seconds { get; init; }
}

/// <summary>Workers that one clause of a requirement keeps from a job.</summary>
/// <param name="Clause">Its name, such as <c>gpu_memory</c>.</param>
/// <param name="Workers">How many.</param>
/// <param name="Detail">What they have and what is needed.</param>
/// <param name="Examples">Up to 5 of their ids.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ClauseCount")]
public sealed record ClauseCount(
    [property: Id(0)] string Clause, [property: Id(1)] int Workers, [property: Id(2)] string Detail, [property: Id(3)] IReadOnlyList<string> Examples);

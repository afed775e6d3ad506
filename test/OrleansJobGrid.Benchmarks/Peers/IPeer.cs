namespace OrleansJobGrid.Benchmarks.Peers;

/// <summary>A queue that does the same work: jobs that end at once, kept after their end as each queue does by default.</summary>
internal interface IPeer : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Lets workers run, or holds them back.</summary>
    Task WorkAsync(bool work);

    /// <summary>Returns when the jobs are durable by the store's terms.</summary>
    Task SubmitAsync(int jobs);

    /// <summary>Completed since the start.</summary>
    Task<long> CompletedAsync();

    /// <summary>Processor time of its processes; the benchmark's own is not in it.</summary>
    TimeSpan Cpu { get; }
}

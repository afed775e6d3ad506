namespace OrleansJobGrid.Workers.Execution;

/// <summary>What the jobs that a worker holds take of it, without those whose work is over.</summary>
/// <param name="Customers">Their customers, each once; a job without one counts as the empty name.</param>
/// <param name="EnvelopesMb">GPU memory that they are taken to need in all.</param>
/// <param name="Jobs">How many.</param>
internal sealed record HeldSums(IReadOnlyList<string> Customers, long EnvelopesMb, int Jobs)
{
    public static HeldSums None { get; } = new([], 0, 0);
}

namespace OrleansJobGrid.Client;

/// <summary>What a reconciliation with other systems found and did.</summary>
/// <param name="At">When.</param>
/// <param name="DurationSeconds">How long it took.</param>
/// <param name="DryRun">Whether it only reported.</param>
/// <param name="Sources">The systems, by how they were read.</param>
/// <param name="Compared">Jobs and sagas that were looked at.</param>
/// <param name="DifferenceCount">All differences.</param>
/// <param name="Repaired">Those that were put right.</param>
/// <param name="Differences">The first 200 of them.</param>
public sealed record Reconciliation(
    DateTimeOffset At, double DurationSeconds, bool DryRun, IReadOnlyList<ReconciledSource> Sources, int Compared, int DifferenceCount, int Repaired, IReadOnlyList<ReconciledState> Differences);

/// <summary>A system that keeps states of its own; rank: of two the lower is believed, and the grid has 1. A fault: it could not be read whole, and was not compared.</summary>
public sealed record ReconciledSource(string Name, int Rank, int Entries, string? Fault);

/// <summary>A difference: <c>differs</c>, <c>missing</c>, or <c>unknown</c> to the grid; see <see cref="Believed"/> for who is right.</summary>
/// <param name="Id">The job's id, or <c>saga/</c> and the saga's.</param>
/// <param name="Source">Which system is meant.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Has">What it says.</param>
/// <param name="ShouldBe">What it should say.</param>
/// <param name="Believed">The source that is believed.</param>
/// <param name="Repaired">Whether it was put right.</param>
/// <param name="Reason">Why not.</param>
public sealed record ReconciledState(string Id, string Source, string Kind, string? Has, string? ShouldBe, string? Believed, bool Repaired, string? Reason);

internal sealed record ReconcileBody(string Mode, string? Source);

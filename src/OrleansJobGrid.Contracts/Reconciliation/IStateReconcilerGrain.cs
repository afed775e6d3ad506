using Orleans.Concurrency;

namespace OrleansJobGrid.Contracts.Reconciliation;

/// <summary>Compares the states that other systems keep with the grid, and puts them right. Its key is 0.</summary>
[Alias("jobgrid.IStateReconcilerGrain"), GrainInterfaceType("jobgrid.state-reconciler")]
public interface IStateReconcilerGrain : IGrainWithIntegerKey
{
    /// <summary>Compares now.</summary>
    /// <param name="dryRun">Only reports.</param>
    /// <param name="source">Puts right only this source; null: all.</param>
    /// <exception cref="ArgumentException">There is no such source, or none at all.</exception>
    [Alias("Run"), ResponseTimeout("00:10:00")] Task<StateReport> Run(bool dryRun, string? source);

    /// <summary>The report of the last run that was no dry one; null: there was none.</summary>
    [Alias("Last")] Task<StateReport?> Last();

    /// <summary>Runs, where it is time to.</summary>
    [OneWay, Alias("Poke")] Task Poke();
}

/// <summary>What a run found and did.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.StateReport")]
public sealed record StateReport
{
    /// <summary>Unix ms.</summary>
    [Id(0)] public required long At { get; init; }
    [Id(1)] public required long DurationMs { get; init; }
    [Id(2)] public required bool DryRun { get; init; }
    [Id(3)] public required IReadOnlyList<StateSourceReport> Sources { get; init; }

    /// <summary>Jobs and sagas that were looked at.</summary>
    [Id(4)] public required int Compared { get; init; }
    [Id(5)] public required int Differences { get; init; }
    [Id(6)] public required int Repaired { get; init; }

    /// <summary>The first of the differences.</summary>
    [Id(7)] public required IReadOnlyList<StateDifference> First { get; init; }
}

/// <summary>How a source was read; fault null: whole.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.StateSourceReport")]
public sealed record StateSourceReport([property: Id(0)] string Name, [property: Id(1)] int Rank, [property: Id(2)] int Entries, [property: Id(3)] string? Fault);

/// <summary>A difference.</summary>
/// <param name="Id">The job's id, or <c>saga/</c> and the saga's.</param>
/// <param name="Source">Which source is meant.</param>
/// <param name="Kind"><c>differs</c>; <c>missing</c>: it lacks what it should have; <c>unknown</c>: it has as unfinished what the grid does not know.</param>
/// <param name="Has">Its word; null: none.</param>
/// <param name="ShouldBe">What it should say; null: nobody knows.</param>
/// <param name="Believed">The source that is believed.</param>
/// <param name="Repaired">Whether it was put right.</param>
/// <param name="Reason">Why not.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.StateDifference")]
public sealed record StateDifference(
    [property: Id(0)] string Id, [property: Id(1)] string Source, [property: Id(2)] string Kind, [property: Id(3)] string? Has, [property: Id(4)] string? ShouldBe,
    [property: Id(5)] string? Believed, [property: Id(6)] bool Repaired, [property: Id(7)] string? Reason);

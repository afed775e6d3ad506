using OrleansJobGrid.TestKit.Grid;

namespace OrleansJobGrid.Chaos.Broken;

/// <summary>Grids that lack one of the rules of safety, so that the checker is seen to fail.</summary>
internal static class BrokenGrid
{
    /// <summary>The program of a grid without a rule; null: the whole one.</summary>
    public static IReadOnlyList<string> ProgramOf(string? without) => without is null ? [GridProcess.Executable] : throw new NotSupportedException(without);
}

namespace OrleansJobGrid.Grains.Artefacts;

/// <summary>What a sweep removed, or would have.</summary>
/// <param name="Uploads">Uploads that no job names.</param>
/// <param name="Pieces">Outputs and scratch pieces whose job is gone.</param>
/// <param name="Unfinished">What writes left that were cut short.</param>
/// <param name="Bytes">All of them together.</param>
/// <param name="Unknown">Old outputs and pieces whose job's id cannot be told from their place; they stay.</param>
internal sealed record OrphanReport(int Uploads, int Pieces, int Unfinished, long Bytes, int Unknown)
{
    public int Count => Uploads + Pieces + Unfinished;
}

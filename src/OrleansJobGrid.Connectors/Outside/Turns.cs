namespace OrleansJobGrid.Connectors.Outside;

/// <summary>Goes through instances in turns: the next call begins with the next one.</summary>
internal sealed class Turns
{
    private int _turn = -1;

    public IEnumerable<string> Of(IReadOnlyList<string> usable)
    {
        var first = (uint)Interlocked.Increment(ref _turn);
        return Enumerable.Range(0, usable.Count).Select(i => usable[(int)((first + (uint)i) % (uint)usable.Count)]);
    }
}

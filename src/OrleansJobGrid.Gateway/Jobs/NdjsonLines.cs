using System.Buffers;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>Cuts lines from bytes as they come; of a line beyond the limit no more than the limit is ever kept.</summary>
/// <param name="limit">Most bytes a line.</param>
internal sealed class NdjsonLines(int limit)
{
    private bool _skipping;

    /// <summary>
    /// Takes the next line. False: more has to come, and what <paramref name="rest"/> holds is to be given again with it.
    /// </summary>
    /// <param name="rest">What was not taken yet.</param>
    /// <param name="last">Whether nothing follows, so that the end needs no line break.</param>
    /// <param name="line">The line without its break; empty where it was too long.</param>
    /// <param name="tooLong">Whether this stands for a line that was dropped.</param>
    public bool TryTake(ref ReadOnlySequence<byte> rest, bool last, out ReadOnlySequence<byte> line, out bool tooLong)
    {
        line = default;
        tooLong = false;
        while (!rest.IsEmpty)
        {
            var end = rest.PositionOf((byte)'\n');
            if (_skipping)
            {
                _skipping = end is null;
                rest = end is null ? rest.Slice(rest.End) : rest.Slice(rest.GetPosition(1, end.Value));
                continue;
            }

            if (end is { } at)
            {
                line = rest.Slice(0, at);
                rest = rest.Slice(rest.GetPosition(1, at));
            }
            else if (last || rest.Length > limit)
            {
                line = rest;
                _skipping = !last;
                rest = rest.Slice(rest.End);
            }
            else
            {
                return false;
            }

            tooLong = line.Length > limit;
            if (tooLong)
                line = default;
            return true;
        }

        return false;
    }
}

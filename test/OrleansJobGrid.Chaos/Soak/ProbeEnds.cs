using OrleansJobGrid.Chaos.Grid;

namespace OrleansJobGrid.Chaos.Soak;

/// <summary>Ends of probes, stamped with the run's clock as they come into the side-effect file.</summary>
internal sealed class ProbeEnds : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<string, List<TimeSpan>> _ends = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _reading;

    public ProbeEnds(string path, Journal journal) => _reading = ReadAsync(path, journal);

    /// <summary>By probe; to be read when this was disposed of.</summary>
    public IReadOnlyDictionary<string, List<TimeSpan>> Ends => _ends;

    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested)
            return;
        await _closing.CancelAsync();
        await _reading;
        _closing.Dispose();
    }

    private async Task ReadAsync(string path, Journal journal)
    {
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        using var lines = new StreamReader(file);
        var rest = "";
        while (true)
        {
            // What was there when the end was asked for is still read.
            var last = _closing.IsCancellationRequested;
            var whole = (rest + await lines.ReadToEndAsync(CancellationToken.None)).Split('\n');
            var now = journal.Now;
            rest = whole[^1];
            foreach (var words in whole[..^1].Select(l => l.Split(' ')).Where(w => w[0] == "END"))
            {
                if (!_ends.TryGetValue(words[1], out var times))
                    _ends.Add(words[1], times = []);
                times.Add(now);
            }

            if (last)
                return;
            await Task.Delay(Look, TimeProvider.System, CancellationToken.None);
        }
    }
}

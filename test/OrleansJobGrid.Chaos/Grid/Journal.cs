using System.Globalization;

namespace OrleansJobGrid.Chaos.Grid;

/// <summary>What was done to the grid and when, by the run's clock, in a file of the run.</summary>
internal sealed class Journal(string path) : IDisposable
{
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly StreamWriter _file = new(path) { AutoFlush = true };

    /// <summary>Since the start of the run.</summary>
    public TimeSpan Now => TimeProvider.System.GetElapsedTime(_started);

    public void Say(string what)
    {
        lock (_lock)
            _file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Now.TotalSeconds,8:0.000} {what}"));
    }

    public void Dispose() => _file.Dispose();
}

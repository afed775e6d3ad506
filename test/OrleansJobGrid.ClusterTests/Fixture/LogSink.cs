using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>Keeps what the grid logged, for a test to look for an event and for a failure to show its last lines.</summary>
internal sealed class LogSink : ILoggerProvider
{
    private readonly ConcurrentQueue<(int Event, string Line)> _lines = new();

    public int Count(int eventId) => _lines.Count(l => l.Event == eventId);

    /// <summary>The last lines, oldest first.</summary>
    public string Tail(int lines = 40) => string.Join('\n', _lines.TakeLast(lines).Select(l => l.Line));

    public ILogger CreateLogger(string categoryName) => new Sink(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Sink(LogSink sink, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) =>
            logLevel >= (category.StartsWith("OrleansJobGrid", StringComparison.Ordinal) ? LogLevel.Information : LogLevel.Error);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                sink._lines.Enqueue((eventId.Id, $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {logLevel} {eventId.Id} {formatter(state, exception)} {exception?.GetType().Name} {exception?.Message}"));
        }
    }
}

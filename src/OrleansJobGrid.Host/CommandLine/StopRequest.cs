using System.Runtime.InteropServices;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>The wish to end, from Ctrl+C or SIGTERM. The first one ends a command in order; a second Ctrl+C ends the process at once.</summary>
internal sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Cancelled by the first request.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the request was SIGTERM: an orchestrator that gives time to drain.</summary>
    public bool IsTermination { get; private set; }

    public static StopRequest OnSignals()
    {
        var stop = new StopRequest();
        stop._registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = stop.Request(isTermination: false)));
        stop._registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            stop.Request(isTermination: true);
            context.Cancel = true;
        }));
        return stop;
    }

    /// <summary>True if this was the first request.</summary>
    public bool Request(bool isTermination)
    {
        if (_source.IsCancellationRequested)
            return false;
        IsTermination = isTermination;
        _source.Cancel();
        return true;
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }
}

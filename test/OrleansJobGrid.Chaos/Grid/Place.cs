using OrleansJobGrid.TestKit.Grid;

namespace OrleansJobGrid.Chaos.Grid;

/// <summary>A place at which a process runs, and is started again when it ended by itself, as a service manager does.</summary>
internal sealed class Place(string name, GridArguments arguments, string logFolder, Journal journal) : IAsyncDisposable
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _closing = new();
    private GridProcess? _process;
    private Task _watching = Task.CompletedTask;
    private int _lives;
    private volatile bool _wanted;

    public string Name => name;

    /// <summary>One fault at a time.</summary>
    public SemaphoreSlim Busy { get; } = new(1, 1);

    /// <summary>Ends of processes that nobody brought about.</summary>
    public int OwnEnds { get; private set; }

    /// <summary>The process; null: none runs.</summary>
    public GridProcess? Process => _process;

    /// <summary>Starts the process, and again until it is ready: the store may be away, and the others of the cluster with it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _wanted = true;
        await LaunchAsync(cancellationToken);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _wanted = false;
        if (_process is { } process)
            await process.KillAsync();
        await ForgetAsync();
    }

    /// <summary>SIGTERM; returns when it has drained and ended. One that does not end is killed, as an orchestrator does.</summary>
    public async Task TerminateAsync()
    {
        _wanted = false;
        try
        {
            if (_process is { HasExited: false } process)
                journal.Say($"{name} ended with code {await process.TerminateAsync()}");
        }
        catch (TimeoutException e)
        {
            journal.Say($"{name} did not end after SIGTERM: {e.Message}");
        }

        await ForgetAsync();
    }

    public void Signal(int signal)
    {
        if (_process is { HasExited: false } process)
            Signals.Send(process.Id, signal);
    }

    public async ValueTask DisposeAsync()
    {
        _wanted = false;
        await _closing.CancelAsync();
        if (_process is { HasExited: false } process)
            await process.KillAsync();
        await ForgetAsync();
        Busy.Dispose();
        _closing.Dispose();
    }

    private async Task LaunchAsync(CancellationToken cancellationToken)
    {
        while (_wanted)
        {
            try
            {
                _process = await GridProcess.UpAsync(arguments);
                journal.Say($"{name} is ready, process {_process.Id}");
                _watching = WatchAsync(_process);
                return;
            }
            catch (Exception e) when (e is InvalidOperationException or TimeoutException)
            {
                journal.Say($"{name} did not start: {FirstLine(e.Message)}");
                await KeepLogAsync(e.Message);
                await Task.Delay(RestartPause, TimeProvider.System, cancellationToken);
            }
        }
    }

    private async Task WatchAsync(GridProcess process)
    {
        await process.Exited;
        if (!_wanted)
            return;
        OwnEnds++;
        journal.Say($"{name} ended by itself with code {process.ExitCode}");
        await CloseAsync(process);
        try
        {
            await LaunchAsync(_closing.Token);
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async Task ForgetAsync()
    {
        await _watching;
        if (_process is { } process)
            await CloseAsync(process);
    }

    private async Task CloseAsync(GridProcess process)
    {
        _process = null;
        await KeepLogAsync(process.Log);
        await process.DisposeAsync();
    }

    private Task KeepLogAsync(string log) => File.WriteAllTextAsync(Path.Combine(logFolder, $"{name}.{_lives++}.log"), log);

    private static string FirstLine(string text) => text.Split('\n').FirstOrDefault(l => l.Contains("rror", StringComparison.Ordinal)) ?? text.Split('\n')[0];
}

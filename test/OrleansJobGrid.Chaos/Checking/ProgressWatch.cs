using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.Chaos.Checking;

/// <summary>Sees as a client does when completions come: by the grid's own count, asked again and again, on the clock of the run.</summary>
internal sealed class ProgressWatch : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private readonly Journal _journal;
    private readonly HttpClient _http;
    private readonly JobGridClient _client;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _progress = [];
    private readonly Task _watching;

    public ProgressWatch(Uri url, Journal journal)
    {
        _journal = journal;
        _http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(2) };
        _client = new JobGridClient(_http, new() { Retries = 0 });
        _progress.Add(journal.Now);
        _watching = WatchAsync();
    }

    /// <summary>The longest time from a fault to the next completion.</summary>
    public TimeSpan WorstRecovery(IReadOnlyList<TimeSpan> faults)
    {
        lock (_lock)
            return faults.Select(f => _progress.Find(p => p > f) is var next && next > f ? next - f : TimeSpan.Zero).Append(TimeSpan.Zero).Max();
    }

    /// <summary>The longest time between two completions.</summary>
    public TimeSpan LongestStandstill()
    {
        lock (_lock)
            return _progress.Zip(_progress.Skip(1), (a, b) => b - a).Append(TimeSpan.Zero).Max();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _watching;
        _http.Dispose();
        _closing.Dispose();
    }

    private async Task WatchAsync()
    {
        long seen = 0;
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var completed = (await _client.GetMetricsAsync(_closing.Token)).Completed;
                lock (_lock)
                {
                    if (completed > seen)
                        _progress.Add(_journal.Now);
                }

                seen = Math.Max(seen, completed);
                await Task.Delay(Poll, TimeProvider.System, _closing.Token);
            }
            catch (JobGridException)
            {
                // Nobody to ask is no progress.
                await Task.Delay(Poll, TimeProvider.System, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}

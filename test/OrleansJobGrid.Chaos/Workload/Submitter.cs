using OrleansJobGrid.Client;

namespace OrleansJobGrid.Chaos.Workload;

/// <summary>
/// A client as it should be: it makes a key for each job before it is first sent, sends it with the same key until it is acknowledged, and
/// sends some that are acknowledged once more.
/// </summary>
/// <param name="seed">The run's.</param>
/// <param name="perSecond">Submissions.</param>
/// <param name="client">The grid.</param>
/// <param name="log">Jobs that were acknowledged.</param>
/// <param name="sideEffectFile">What jobs in the workers' processes write to.</param>
/// <param name="sagas">Sagas that were acknowledged.</param>
/// <param name="percent">How many of a hundred submissions are sagas.</param>
/// <param name="target">Where their calls go.</param>
internal sealed class Submitter(
    int seed, double perSecond, JobGridClient client, AcknowledgementLog log, string sideEffectFile, AcknowledgementLog sagas, int percent, string target)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private int _acknowledged;
    private int _unanswered;
    private int _tries;
    private int _failed;

    /// <summary>Keys that were sent at least once.</summary>
    public int Sent { get; private set; }

    public int Acknowledged => _acknowledged;

    /// <summary>Keys that were given up without an answer: such a job may exist or not.</summary>
    public int Unanswered => _unanswered;

    /// <summary>Requests in all.</summary>
    public int Tries => _tries;

    /// <summary>Requests that were refused, broken off or not answered in time, and sent again.</summary>
    public int Failed => _failed;

    /// <summary>What the grid refused for good, which it has no reason to.</summary>
    public List<string> Refused { get; } = [];

    /// <summary>Submits at an even rate for the run's length, each job on its own, and returns when each is answered or given up.</summary>
    /// <param name="length">Of the run.</param>
    /// <param name="giveUp">Ends what is still being tried.</param>
    public async Task RunAsync(TimeSpan length, CancellationToken giveUp)
    {
        var started = TimeProvider.System.GetTimestamp();
        var sending = new List<Task>();
        for (var number = 0; TimeSpan.FromSeconds(number / perSecond) is var due && due < length; number++)
        {
            var early = due - TimeProvider.System.GetElapsedTime(started);
            if (early > TimeSpan.Zero)
                await Task.Delay(early, TimeProvider.System, giveUp);
            Sent++;
            sending.Add(SubmitAsync(number, giveUp));
        }

        await Task.WhenAll(sending);
    }

    private async Task SubmitAsync(int number, CancellationToken giveUp)
    {
        var key = $"chaos-{seed}-{number}";
        var isSaga = SagaMix.Has(number, percent);
        // A part of the clients has forgotten that it was answered.
        for (var times = number % 10 == 0 ? 2 : 1; times > 0; times--)
        {
            var id = isSaga
                ? await AcknowledgedAsync(key, async token => (await client.SubmitSagaAsync(SagaMix.Of(seed, number, sideEffectFile, target), key, token)).SagaId, giveUp)
                : await AcknowledgedAsync(key, async token => (await client.SubmitAsync(JobMix.Of(seed, number, sideEffectFile), key, token)).JobId, giveUp);
            if (id is null)
                return;
            (isSaga ? sagas : log).Add(new(TimeProvider.System.GetUtcNow(), key, id));
            if (times == 1)
                Interlocked.Increment(ref _acknowledged);
        }
    }

    private async Task<string?> AcknowledgedAsync(string key, Func<CancellationToken, Task<string>> submit, CancellationToken giveUp)
    {
        while (true)
        {
            try
            {
                Interlocked.Increment(ref _tries);
                return await submit(giveUp);
            }
            catch (JobGridException e) when (e.Status is >= 400 and < 500 and not (408 or 429))
            {
                lock (Refused)
                    Refused.Add($"{key}: {e.Status} {e.Message}");
                return null;
            }
            catch (JobGridException) when (!giveUp.IsCancellationRequested)
            {
                Interlocked.Increment(ref _failed);
                await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
            }
            catch (Exception e) when (e is JobGridException or OperationCanceledException)
            {
                Interlocked.Increment(ref _unanswered);
                return null;
            }
        }
    }
}

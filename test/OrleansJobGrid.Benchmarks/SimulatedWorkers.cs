using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Benchmarks;

/// <summary>Many workers in one process, the jobs that they get, and what was seen of both.</summary>
internal sealed class SimulatedWorkers
{
    public const string Service = "simulated";
    private const int ModelCount = 40;
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SubmitEvery = TimeSpan.FromMilliseconds(50);

    private readonly IGrainFactory _grains;
    private readonly SimulatedWorker[] _workers;
    private readonly ConcurrentDictionary<string, long> _submitted = new(StringComparer.Ordinal);
    private ConcurrentQueue<double> _beats = new();
    private ConcurrentQueue<double> _claims = new();
    private long _refusedBeats;
    private long _failures;
    private long _completed;
    private long _jobs;

    public SimulatedWorkers(IGrainFactory grains, int count)
    {
        _grains = grains;
        _workers = [.. Enumerable.Range(0, count).Select(i => new SimulatedWorker(grains, this, i))];
    }

    public long RefusedBeats => Interlocked.Read(ref _refusedBeats);

    /// <summary>Claims, reports and submissions that failed.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    public long Completed => Interlocked.Read(ref _completed);

    /// <summary>Jobs taken by the grid and not granted yet.</summary>
    public int Open => _submitted.Count;

    /// <summary>The message of the last failure.</summary>
    public string? LastFailure { get; private set; }

    public static string Model(int n) => $"model-{n % ModelCount}";

    /// <summary>Times of the heartbeats answered since the last call, ms.</summary>
    public double[] TakeBeats() => [.. Interlocked.Exchange(ref _beats, new())];

    /// <summary>Times from submitting to the claim's answer since the last call, ms.</summary>
    public double[] TakeClaims() => [.. Interlocked.Exchange(ref _claims, new())];

    public void Beat(TimeSpan? took, Exception? fault = null)
    {
        if (took is { } time)
            _beats.Enqueue(time.TotalMilliseconds);
        else
            Interlocked.Increment(ref _refusedBeats);
        LastFailure = fault?.Message ?? LastFailure;
    }

    public void Granted(string jobId)
    {
        if (_submitted.TryRemove(jobId, out var at))
            _claims.Enqueue(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
    }

    public void Reported(AttemptAnswer answer)
    {
        if (answer is { Outcome: ReportOutcome.Accepted, Fault: null })
            Interlocked.Increment(ref _completed);
        else
            Interlocked.Increment(ref _failures);
    }

    public void Failed(Exception fault)
    {
        Interlocked.Increment(ref _failures);
        LastFailure = fault.Message;
    }

    /// <summary>Each worker says once that it is there.</summary>
    public Task BeginAsync() =>
        Parallel.ForEachAsync(_workers, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (worker, _) => await worker.BeatAsync());

    /// <summary>Signs of life every 2 s, spread over them, whether the one before was answered or not.</summary>
    public async Task BeatAsync(CancellationToken end)
    {
        const int Steps = 40;
        using var timer = new PeriodicTimer(BeatEvery / Steps, TimeProvider.System);
        for (var step = 0; await NextAsync(timer, end); step++)
        {
            foreach (var worker in _workers.Where((_, i) => i % Steps == step % Steps))
                _ = worker.BeatAsync();
        }
    }

    public Task ClaimAsync(CancellationToken end) => Task.WhenAll(_workers.Select(w => w.ClaimAsync(end)));

    /// <summary>So many jobs a second, in a call each 50 ms: single calls would queue at the ingress, which takes one a core at a time.</summary>
    public async Task SubmitAsync(int rate, CancellationToken end)
    {
        using var timer = new PeriodicTimer(SubmitEvery, TimeProvider.System);
        while (await NextAsync(timer, end))
            _ = SubmitAsync([.. Enumerable.Range(0, (int)(rate * SubmitEvery.TotalSeconds)).Select(_ => JobOf(++_jobs))]);
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken end)
    {
        try
        {
            return await timer.WaitForNextTickAsync(end);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static JobSubmission JobOf(long number) => new()
    {
        Id = $"job-{number}",
        Service = Service,
        Payload = "{}"u8.ToArray(),
        BodyHash = new string('0', 64),
        Requirements = new JobRequirements { Models = [Model((int)number)] }.Text,
    };

    private async Task SubmitAsync(IReadOnlyList<JobSubmission> jobs)
    {
        foreach (var job in jobs)
            _submitted[job.Id] = Stopwatch.GetTimestamp();
        try
        {
            var results = await _grains.GetGrain<IJobIngressGrain>(0).Submit(new Orleans.Concurrency.Immutable<IReadOnlyList<JobSubmission>>(jobs));
            if (results.Any(r => r.Outcome != SubmitOutcome.Created))
                throw new InvalidOperationException($"A job was not taken: {results.First(r => r.Outcome != SubmitOutcome.Created)}");
        }
        catch (Exception e)
        {
            Failed(e);
        }
    }
}

using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Queues;

namespace OrleansJobGrid.Benchmarks.Simulation;

/// <summary>A day of a queue by discrete events over a <see cref="ReadyView"/>, as the queue's grain uses it. No clock but its own, no threads.</summary>
internal sealed class DaySimulation
{
    private readonly DaySettings _settings;
    private readonly DayWorld _world;
    private readonly DayTurns _turns;
    private readonly ReadyView _view;
    private readonly ClaimWaiters _waiters = new();
    private readonly Dictionary<string, DayJob> _jobs;
    private readonly Dictionary<ClaimWaiter, DayWorker> _idle = [];
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly double[] _overloadSeconds;
    private long _order;
    private long _now;
    private int _loads;
    private int _overloadJobs;
    private int _stranded;
    private int _outOfTurn;

    private DaySimulation(DaySettings settings)
    {
        _settings = settings;
        _world = new(settings);
        _turns = new(settings);
        _view = new(1, settings.Policy);
        _jobs = _world.Jobs.ToDictionary(j => j.Id, StringComparer.Ordinal);
        _overloadSeconds = new double[settings.Weights.Count];
    }

    /// <summary>Runs the day, and on until nothing waits.</summary>
    public static DayResult Run(DaySettings settings) => new DaySimulation(settings).Run();

    private DayResult Run()
    {
        foreach (var worker in _world.Workers)
            Claim(worker);
        foreach (var job in _world.Jobs)
            At(job.ArrivedAt, () => Arrive(job));
        while (_events.TryDequeue(out var happens, out var when))
        {
            _now = when.At;
            happens();
            if (_turns.Waiting > 0)
                _stranded += _idle.Values.Count(w => _turns.Next(w) is not null);
        }

        return Result();
    }

    private void At(long time, Action happens) => _events.Enqueue(happens, (time, _order++));

    private void Arrive(DayJob job)
    {
        var signature = _world.Models[job.Model].Signature;
        _turns.Arrived(job);
        _view.Add(0, new(job.Id, job.Number, new(50, job.ArrivedAt, job.Number), signature.Hash, DayWorld.CustomerName(job.Customer)), signature);
        while (_view.Has(signature))
        {
            // As the queue's grain wakes its claims.
            var waiter = _settings.Affinity
                ? _waiters.TakeBest(w => _view.Serves(signature, w), CanTake, w => _view.Suitability(signature, w.Facts))
                : _waiters.TakeBest<int>(w => _view.Serves(signature, w), CanTake, null);
            if (waiter is null)
                return;
            _idle.Remove(waiter, out var worker);
            Claim(worker!);
        }

        bool CanTake(ClaimWaiter waiter) => _view.CanTake(signature, waiter.Worker, waiter.Facts, _now);
    }

    private void Claim(DayWorker worker)
    {
        var turn = _turns.Next(worker);
        if (_view.Pop(worker.Match, worker.Facts, _now) is not { } item)
        {
            _idle.Add(_waiters.Add(Guid.Empty, worker.Match, worker.Facts, long.MaxValue), worker);
            return;
        }

        var job = _jobs[item.Ready.JobId];
        if (turn != job)
            Bypass(turn);
        Start(worker, job, item);
    }

    private void Bypass(DayJob? turn)
    {
        if (!_settings.Affinity || turn is null)
            _outOfTurn++;
        if (turn is not null && turn.Bypasses++ == 0)
            turn.FirstBypassAt = _now;
    }

    private void Start(DayWorker worker, DayJob job, ReadyItem item)
    {
        if (job.StartedAt >= 0 || !worker.CanDo(job.Model))
            throw new InvalidOperationException($"{job.Id} was granted twice, or to a worker that cannot do it.");
        var model = _world.Models[job.Model];
        var takes = job.RunMs + (worker.Loaded == model ? 0 : model.LoadMs);
        _loads += worker.Loaded == model ? 0 : 1;
        if (_turns.Fewest > _settings.Workers)
        {
            _overloadSeconds[job.Customer] += takes / 1_000.0;
            _overloadJobs++;
        }

        job.StartedAt = _now;
        worker.Loaded = model;
        worker.BusyMs += takes;
        _turns.Granted(job, item.Charge);
        At(_now + takes, () =>
        {
            var seconds = takes / 1_000.0;
            _view.Learn(item.Signature, EndedKind.Completed, seconds, null, _now);
            _view.Ended(item.Ready.Customer, item.Charge, seconds);
            _turns.Ended(job, item.Charge, seconds);
            Claim(worker);
        });
    }

    private DayResult Result()
    {
        var started = _world.Jobs.Where(j => j.StartedAt >= 0).ToList();
        var waits = Enumerable.Range(0, _settings.Weights.Count)
            .Select(c => started.Where(j => j.Customer == c).Select(j => (j.StartedAt - j.ArrivedAt) / 1_000.0).Order().ToList()).ToList();
        var forWeight = _overloadSeconds.Select((s, c) => s / _settings.Weights[c]).ToList();
        return new()
        {
            Jobs = _world.Jobs.Count,
            Lost = _world.Jobs.Count - started.Count,
            Stranded = _stranded,
            OutOfTurn = _outOfTurn,
            LoadsPer100Jobs = 100.0 * _loads / started.Count,
            MeanWaitSeconds = [.. waits.Select(w => w.Average())],
            P99WaitSeconds = [.. waits.Select(w => w[(int)Math.Ceiling(0.99 * w.Count) - 1])],
            OverloadShare = [.. _overloadSeconds.Select(s => s / _overloadSeconds.Sum())],
            Jain = Math.Pow(forWeight.Sum(), 2) / (forWeight.Count * forWeight.Sum(x => x * x)),
            OverloadJobs = _overloadJobs,
            MostBypasses = started.Max(j => j.Bypasses),
            LongestAfterBypassSeconds = started.Where(j => j.Bypasses > 0).Select(j => (j.StartedAt - j.FirstBypassAt) / 1_000.0).DefaultIfEmpty(0).Max(),
            Utilization = _world.Workers.Sum(w => w.BusyMs) / (double)_now / _world.Workers.Count,
            Hours = _now / 3_600_000.0,
        };
    }
}

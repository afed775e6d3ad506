using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Planning;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// One session of a worker: from its first heartbeat until its lease ended, the grid ended it, or the worker left. Work in this
/// process stops with the lease, by this process's own monotonic clock; work outside is let go, and goes on.
/// </summary>
internal sealed class WorkerSession : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RefreshPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(8);

    private readonly HeldAttempts _held = new();
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenSource _deaf;
    private readonly IReadOnlyDictionary<string, IConnector> _connectors;
    private readonly AttemptRunner _runner;
    private readonly AttemptPulse _pulse;
    private readonly AttemptReporter _reporter;
    private readonly WorkerFacts _facts;
    private readonly OrderedDrain _drain;
    private readonly QueueClaimer _claimer;
    private readonly Adoptions _adoptions;
    private readonly ServiceQueries _queries;
    private readonly SessionLease _lease;
    private readonly SessionHeart _heart;
    private readonly SessionOrders _orders;
    private readonly IWorkerGrain _worker;
    private readonly IWorkerLink _link;
    private readonly PlannedWorker _plan;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private string? _outage;

    public WorkerSession(
        string id, PlannedWorker plan, IReadOnlyDictionary<string, IConnector> connectors, AttemptRunner runner, AttemptPulse pulse,
        InstanceBreakers breakers, WorkerProfile profile, WorkerInventory inventory, WorkerParts parts)
    {
        Id = id;
        (_plan, _connectors, _runner, _pulse, _time) = (plan, connectors, runner, pulse, parts.Time);
        _logger = parts.Logs.CreateLogger<WorkerSession>();
        _deaf = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        _worker = parts.Grains.Worker(plan.Id);
        _link = parts.Link;
        _lease = new(_time);
        _facts = new(plan, _held, connectors.Values, parts.Gpus);
        _claimer = new(parts.Grains, parts.Link, parts.Queues, plan, id, new(connectors.Values, breakers, plan.Gpu is null ? null : _facts), _facts, inventory);
        _drain = new(plan.Id, _claimer, _held, _time, _logger);
        _reporter = new(new(parts.Link, plan.Id, most => _claimer.HasOffer ? _claimer.Beside(most) : null, _time), pulse, parts.Artefacts, _time, _logger);
        _adoptions = new(Adopt, _logger);
        _queries = new(_worker, id, connectors.Values, runner.Failures, _time, _logger);
        _heart = new(_worker, plan.Id, id, () => profile with { Capabilities = inventory.Now.Text }, _held, _lease, breakers, _facts, _drain, _time, _logger);
        _orders = new(_worker, plan.Id, id, _held, _queries, _adoptions.Begin, _time, _logger);
    }

    /// <summary>Random, made for this session.</summary>
    public string Id { get; }

    /// <summary>Lives until the session is over, or until <paramref name="leave"/> and the drain that follows it.</summary>
    public async Task Run(CancellationToken leave)
    {
        if (!await _heart.Begin(leave))
            return;
        _logger.SessionBegan(_plan.Id, Id, _plan.Slots, string.Join(", ", _connectors.Keys));
        using var claiming = CancellationTokenSource.CreateLinkedTokenSource(leave, _over.Token);
        Task[] care = [Live(), _orders.Run(_deaf.Token), _pulse.Run(_held, _over.Token)];
        var slots = Task.WhenAll(Enumerable.Range(0, _plan.Slots).Select(_ => Task.Run(() => Slot(claiming.Token), CancellationToken.None)));
        var refresh = Refresh(claiming.Token);
        await slots.WaitAsync(claiming.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        if (_over.IsCancellationRequested)
            await EndClaims();
        else
            await Drain(slots);
        await slots;
        await refresh;
        await _over.CancelAsync();
        await Task.WhenAll(care);
        await _adoptions.Ended();
        await _queries.Ended();
    }

    public void Dispose()
    {
        _drain.Dispose();
        _deaf.Dispose();
        _over.Dispose();
    }

    /// <summary>Until the session is over; where it is lost, its work is stopped or let go.</summary>
    private async Task Live()
    {
        if (await _heart.Run(_over.Token) is not { } reason)
            return;
        _logger.SessionLost(_plan.Id, Id, reason);
        await _over.CancelAsync();
        _held.Lose();
    }

    private async Task Drain(Task slots)
    {
        _heart.Leaving = true;
        _logger.Draining(_plan.Id, _held.Count, _plan.Options.DrainBudget.TotalSeconds);
        await EndClaims();
        var all = Task.WhenAll(slots, _adoptions.Ended());
        if (!await EndsWithin(all, _plan.Options.DrainBudget))
        {
            _held.Drain();
            await EndsWithin(all, DrainGrace);
        }

        // Nothing is left to be stopped; a wait for orders begun after the farewell would hold up the end of the silo.
        await _deaf.CancelAsync();
        try
        {
            await _worker.Leave(Id);
        }
        catch (Exception e)
        {
            _logger.LeaveFailed(_plan.Id, e);
        }

        await _over.CancelAsync();
    }

    /// <summary>Else each free slot would sit out its long poll first.</summary>
    private async Task EndClaims()
    {
        try
        {
            await _claimer.Close();
        }
        catch (Exception e)
        {
            _logger.ClaimFailed(_plan.Id, e);
        }
    }

    private async Task<bool> EndsWithin(Task work, TimeSpan budget) => await Task.WhenAny(work, Task.Delay(budget, _time, _over.Token)) == work;

    private async Task Refresh(CancellationToken claiming)
    {
        while (!claiming.IsCancellationRequested)
        {
            SayOutage();
            try
            {
                await _claimer.Refresh();
            }
            catch (Exception e)
            {
                _logger.ClaimFailed(_plan.Id, e);
            }

            await Wait(RefreshPeriod, claiming);
        }
    }

    private void SayOutage()
    {
        var before = _outage;
        _outage = _facts.Outage;
        if (before is null && _outage is not null)
            _logger.ClaimsNothing(_plan.Id, _outage);
        else if (before is not null && _outage is null)
            _logger.ClaimsAgain(_plan.Id);
    }

    private async Task Slot(CancellationToken claiming)
    {
        while (!claiming.IsCancellationRequested)
        {
            try
            {
                if (!_claimer.HasOffer)
                {
                    await Wait(Pause, claiming);
                    continue;
                }

                var grant = await _claimer.Next();
                while (grant is not null)
                    grant = await Work(grant, claiming);
            }
            catch (Exception e)
            {
                _logger.ClaimFailed(_plan.Id, e);
                await Wait(Pause, claiming);
            }
        }
    }

    /// <summary>Runs a grant, reports its end, and returns the next grant that came with the answer.</summary>
    private async Task<JobGrant?> Work(JobGrant grant, CancellationToken claiming)
    {
        using var attempt = Arrived(grant);
        if (!_held.Add(attempt, held => Judge(attempt, held), out var refusal))
        {
            if (refusal is not null)
                await GiveBack(attempt, refusal, claiming);
            return null;
        }

        try
        {
            if (_over.IsCancellationRequested)
            {
                // It came late; else the job would wait until the grid sees the end of this session.
                await _link.Report(_plan.Id, [new() { JobId = grant.JobId, Token = grant.Token, Stop = StopReason.NotBegun }], null, null);
                return null;
            }

            if (claiming.IsCancellationRequested)
                attempt.End(EndOrder.Drain);
            var report = await _runner.Run(attempt);
            if (report is null)
                return null;
            _held.Release(attempt);
            var givenBack = report.Stop == StopReason.NotBegun;
            var next = await _reporter.Report(attempt, report, () => !givenBack && !claiming.IsCancellationRequested);
            // Where the next claim would bring the same again.
            if (givenBack)
                await Wait(Pause, claiming);
            return next;
        }
        finally
        {
            _held.Remove(attempt);
        }
    }

    /// <summary>Takes work outside over and reports its end.</summary>
    private async Task Adopt(JobGrant grant)
    {
        using var attempt = Arrived(grant);
        attempt.GpuMemoryGivenMb = _facts.Free(_held.Sums);
        if (!_held.Add(attempt))
            return;
        try
        {
            if (_over.IsCancellationRequested)
                return;
            if (_heart.Leaving || _drain.IsBudgetOver)
                attempt.End(EndOrder.Drain);
            // The listener goes on listening.
            await Task.Yield();
            if (await _runner.Run(attempt) is { } report)
            {
                _held.Release(attempt);
                await _reporter.Report(attempt, report, () => false);
            }
        }
        finally
        {
            _held.Remove(attempt);
        }
    }

    private Attempt Arrived(JobGrant grant) => new(grant, _connectors[grant.Service], _time.GetTimestamp(), _lease)
    {
        Node = _plan.Options.Node,
        Worker = _plan.Id,
        Gpu = _plan.Gpu?.Uuid,
    };

    /// <summary>Why a grant is not to be begun; it may have been on its way when a drain was ordered.</summary>
    private string? Judge(Attempt attempt, HeldSums held)
    {
        attempt.GpuMemoryGivenMb = _facts.Free(held);
        return _drain.IsActive ? "it is being drained" : _facts.Outage ?? _facts.Refusal(attempt.Grant, held);
    }

    private async Task GiveBack(Attempt attempt, string refusal, CancellationToken claiming)
    {
        var grant = attempt.Grant;
        _logger.GivenBack(_plan.Id, grant.JobId, refusal);
        await _reporter.Report(attempt, new() { JobId = grant.JobId, Token = grant.Token, Stop = StopReason.NotBegun }, () => false);
        // Where the next claim would bring the same again.
        await Wait(Pause, claiming);
    }

    private async Task Wait(TimeSpan pause, CancellationToken cancellationToken) =>
        await Task.WhenAny(Task.Delay(pause, _time, cancellationToken));
}

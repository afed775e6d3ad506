using Microsoft.Extensions.Logging;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Hosting;

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
    private readonly WorkerOffer _offer;
    private readonly QueueClaimer _claimer;
    private readonly Adoptions _adoptions;
    private readonly ServiceQueries _queries;
    private readonly SessionLease _lease;
    private readonly SessionHeart _heart;
    private readonly SessionOrders _orders;
    private readonly IWorkerGrain _worker;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public WorkerSession(
        string id, IGrainFactory grains, IReadOnlyDictionary<string, IConnector> connectors, AttemptRunner runner, AttemptPulse pulse,
        InstanceBreakers breakers, IArtefactStore artefacts, WorkerOptions options, WorkerProfile profile, TimeProvider time, ILogger logger)
    {
        Id = id;
        (_connectors, _runner, _pulse, _options, _time, _logger) = (connectors, runner, pulse, options, time, logger);
        _deaf = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        _worker = grains.Worker(options.Id);
        _lease = new(time);
        _offer = new(connectors.Values, breakers);
        _claimer = new(grains, options.Id, id, _offer, [.. options.Queues]);
        _reporter = new(_worker, pulse, artefacts, time, logger);
        _adoptions = new(Adopt, logger);
        _queries = new(_worker, id, connectors.Values, runner.Failures, time, logger);
        _heart = new(_worker, options.Id, id, profile, _held, _lease, breakers, time, logger);
        _orders = new(_worker, options.Id, id, _held, _queries, _adoptions.Begin, time, logger);
    }

    /// <summary>Random, made for this session.</summary>
    public string Id { get; }

    /// <summary>Lives until the session is over, or until <paramref name="leave"/> and the drain that follows it.</summary>
    public async Task Run(CancellationToken leave)
    {
        if (!await _heart.Begin(leave))
            return;
        _logger.SessionBegan(_options.Id, Id, _options.Slots, string.Join(", ", _connectors.Keys));
        using var claiming = CancellationTokenSource.CreateLinkedTokenSource(leave, _over.Token);
        Task[] care = [Live(), _orders.Run(_deaf.Token), _pulse.Run(_held, _over.Token)];
        var slots = Task.WhenAll(Enumerable.Range(0, _options.Slots).Select(_ => Task.Run(() => Slot(claiming.Token), CancellationToken.None)));
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
        _deaf.Dispose();
        _over.Dispose();
    }

    /// <summary>Until the session is over; where it is lost, its work is stopped or let go.</summary>
    private async Task Live()
    {
        if (await _heart.Run(_over.Token) is not { } reason)
            return;
        _logger.SessionLost(_options.Id, Id, reason);
        await _over.CancelAsync();
        _held.Lose();
    }

    private async Task Drain(Task slots)
    {
        _heart.Draining = true;
        _logger.Draining(_options.Id, _held.Count, _options.DrainBudget.TotalSeconds);
        await EndClaims();
        var all = Task.WhenAll(slots, _adoptions.Ended());
        if (!await EndsWithin(all, _options.DrainBudget))
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
            _logger.LeaveFailed(_options.Id, e);
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
            _logger.ClaimFailed(_options.Id, e);
        }
    }

    private async Task<bool> EndsWithin(Task work, TimeSpan budget) => await Task.WhenAny(work, Task.Delay(budget, _time, _over.Token)) == work;

    private async Task Refresh(CancellationToken claiming)
    {
        while (!claiming.IsCancellationRequested)
        {
            try
            {
                await _claimer.Refresh();
            }
            catch (Exception e)
            {
                _logger.ClaimFailed(_options.Id, e);
            }

            await Wait(RefreshPeriod, claiming);
        }
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
                _logger.ClaimFailed(_options.Id, e);
                await Wait(Pause, claiming);
            }
        }
    }

    /// <summary>Runs a grant, reports its end, and returns the next grant that came with the answer.</summary>
    private async Task<JobGrant?> Work(JobGrant grant, CancellationToken claiming)
    {
        using var attempt = new Attempt(grant, _connectors[grant.Service], _time.GetTimestamp(), _lease) { Node = _options.Node };
        if (!_held.Add(attempt))
            return null;
        try
        {
            if (_over.IsCancellationRequested)
            {
                // It came late; else the job would wait until the grid sees the end of this session.
                await _worker.Report(new() { JobId = grant.JobId, Token = grant.Token, Stop = StopReason.NotBegun }, null, null);
                return null;
            }

            if (claiming.IsCancellationRequested)
                attempt.End(EndOrder.Drain);
            var report = await _runner.Run(attempt);
            if (report is null)
                return null;
            var givenBack = report.Stop == StopReason.NotBegun;
            var grants = await _reporter.Report(
                attempt, report, () => givenBack || claiming.IsCancellationRequested || !_claimer.HasOffer ? null : _claimer.Beside());
            // Where the next claim would bring the same again.
            if (givenBack)
                await Wait(Pause, claiming);
            return grants is [var next, ..] ? next : null;
        }
        finally
        {
            _held.Remove(attempt);
        }
    }

    /// <summary>Takes work outside over and reports its end.</summary>
    private async Task Adopt(JobGrant grant)
    {
        using var attempt = new Attempt(grant, _connectors[grant.Service], _time.GetTimestamp(), _lease) { Node = _options.Node };
        if (!_held.Add(attempt))
            return;
        try
        {
            if (_over.IsCancellationRequested)
                return;
            if (_heart.Draining)
                attempt.End(EndOrder.Drain);
            // The listener goes on listening.
            await Task.Yield();
            if (await _runner.Run(attempt) is { } report)
                await _reporter.Report(attempt, report, () => null);
        }
        finally
        {
            _held.Remove(attempt);
        }
    }

    private async Task Wait(TimeSpan pause, CancellationToken cancellationToken) =>
        await Task.WhenAny(Task.Delay(pause, _time, cancellationToken));
}

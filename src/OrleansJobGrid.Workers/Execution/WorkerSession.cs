using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// One session of a worker: from its first heartbeat until its lease ended, the grid ended it, or the worker left. Work in this
/// process stops with the lease, by this process's own monotonic clock.
/// </summary>
internal sealed class WorkerSession : IDisposable
{
    private static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopsWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ReportLimit = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<(string JobId, long Epoch), Attempt> _attempts = new();
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenSource _deaf;
    private readonly IGrainFactory _grains;
    private readonly IReadOnlyDictionary<string, IConnector> _connectors;
    private readonly AttemptRunner _runner;
    private readonly AttemptPulse _pulse;
    private readonly QueueClaimer _claimer;
    private readonly IArtefactStore _artefacts;
    private readonly WorkerOptions _options;
    private readonly WorkerProfile _profile;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long _leaseFrom;
    private TimeSpan _lease;
    private bool _draining;

    public WorkerSession(
        string id, IGrainFactory grains, IReadOnlyDictionary<string, IConnector> connectors, AttemptRunner runner, AttemptPulse pulse,
        IArtefactStore artefacts, WorkerOptions options, WorkerProfile profile, TimeProvider time, ILogger logger)
    {
        Id = id;
        _deaf = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        _grains = grains;
        _connectors = connectors;
        _runner = runner;
        _pulse = pulse;
        _artefacts = artefacts;
        _options = options;
        _profile = profile;
        _time = time;
        _logger = logger;
        _claimer = new(grains, options.Id, id, [.. connectors.Keys], [.. options.Queues]);
    }

    /// <summary>Random, made for this session.</summary>
    public string Id { get; }

    private IWorkerGrain Worker => _grains.Worker(_options.Id);

    private TimeSpan LeaseLeft => _lease - _time.GetElapsedTime(_leaseFrom);

    /// <summary>Lives until the session is over, or until <paramref name="leave"/> and the drain that follows it.</summary>
    public async Task Run(CancellationToken leave)
    {
        if (!await BeginSession(leave))
            return;
        _logger.SessionBegan(_options.Id, Id, _options.Slots, string.Join(", ", _connectors.Keys));
        using var claiming = CancellationTokenSource.CreateLinkedTokenSource(leave, _over.Token);
        Task[] care = [Heartbeats(), Stops(), _pulse.Run(_attempts, _over.Token)];
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
    }

    public void Dispose()
    {
        _deaf.Dispose();
        _over.Dispose();
    }

    private async Task Drain(Task slots)
    {
        _draining = true;
        _logger.Draining(_options.Id, _attempts.Count, _options.DrainBudget.TotalSeconds);
        await EndClaims();
        if (!await EndsWithin(slots, _options.DrainBudget))
        {
            foreach (var attempt in _attempts.Values)
                attempt.End(EndOrder.Drain);
            await EndsWithin(slots, DrainGrace);
        }

        // Nothing is left to be stopped; a wait for orders begun after the farewell would hold up the end of the silo.
        await _deaf.CancelAsync();
        try
        {
            await Worker.Leave(Id);
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

    private async Task<bool> BeginSession(CancellationToken leave)
    {
        while (!leave.IsCancellationRequested && !_over.IsCancellationRequested)
        {
            if (await Beat(TimeSpan.FromSeconds(20)))
                return true;
            await Wait(Pause, leave);
        }

        return false;
    }

    private async Task Heartbeats()
    {
        while (!_over.IsCancellationRequested)
        {
            await Wait(await Beat(LeaseLeft) ? HeartbeatPeriod : Pause, _over.Token);
            if (LeaseLeft <= TimeSpan.Zero)
                await Lose("no heartbeat was answered within the lease");
        }
    }

    /// <summary>One heartbeat; the lease counts from its sending.</summary>
    private async Task<bool> Beat(TimeSpan limit)
    {
        var sent = _time.GetTimestamp();
        try
        {
            var held = _attempts.Values.Select(a => new HeldGrant(a.Grant.JobId, a.Grant.Token)).ToList();
            var answer = await Worker
                .Heartbeat(new() { SessionId = Id, Profile = _profile, Held = held, Draining = _draining })
                .WaitAsync(limit > Pause ? limit : Pause, _time);
            if (answer.SessionEnded)
            {
                await Lose("the grid ended it");
                return false;
            }

            (_leaseFrom, _lease) = (sent, TimeSpan.FromMilliseconds(answer.LeaseMs));
            Obey(answer.Stop);
            return true;
        }
        catch (Exception e)
        {
            _logger.HeartbeatFailed(_options.Id, (long)LeaseLeft.TotalMilliseconds, e);
            return false;
        }
    }

    /// <summary>Stops all work in this process and reports nothing: the jobs are not this worker's any more.</summary>
    private async Task Lose(string reason)
    {
        if (_over.IsCancellationRequested)
            return;
        _logger.SessionLost(_options.Id, Id, reason);
        await _over.CancelAsync();
        foreach (var attempt in _attempts.Values)
            attempt.End(EndOrder.Abandon);
    }

    private async Task Stops()
    {
        while (!_deaf.IsCancellationRequested)
        {
            try
            {
                Obey(await Worker.NextStops(Id, StopsWait).WaitAsync(_deaf.Token));
            }
            catch (OperationCanceledException) when (_deaf.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _logger.StopsFailed(_options.Id, e);
                await Wait(Pause, _deaf.Token);
            }
        }
    }

    private void Obey(IReadOnlyList<StopOrder> orders)
    {
        foreach (var order in orders)
        {
            if (_attempts.TryGetValue((order.JobId, order.Token.Epoch), out var attempt) && attempt.Grant.Token == order.Token)
                attempt.End(EndOrder.Stop);
        }
    }

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

            await Wait(TimeSpan.FromSeconds(1), claiming);
        }
    }

    private async Task Slot(CancellationToken claiming)
    {
        while (!claiming.IsCancellationRequested)
        {
            try
            {
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
        using var attempt = new Attempt(grant, _connectors[grant.Service], _time.GetTimestamp());
        var key = (grant.JobId, grant.Token.Epoch);
        _attempts[key] = attempt;
        try
        {
            if (_over.IsCancellationRequested)
            {
                // It came late; else the job would wait until the grid sees the end of this session.
                await Worker.Report(new() { JobId = grant.JobId, Token = grant.Token, Stop = StopReason.NotBegun }, null, null);
                return null;
            }

            if (claiming.IsCancellationRequested)
                attempt.End(EndOrder.Drain);
            var report = await _runner.Run(attempt);
            if (report is null)
                return null;
            // Whoever goes on with the job goes on from here.
            if (report.Failure is not null || report.Stop == StopReason.Drained)
                await _pulse.Flush(attempt);
            return await Report(report, claiming);
        }
        finally
        {
            _attempts.TryRemove(key, out _);
        }
    }

    private async Task<JobGrant?> Report(AttemptReport report, CancellationToken claiming)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            try
            {
                var beside = claiming.IsCancellationRequested ? default : _claimer.Beside();
                var answer = await Worker.Report(report, beside.Queue, beside.Claim);
                if (report.Completion is not null && answer.Outcome == ReportOutcome.Accepted)
                    await DeleteScratch(report.JobId);
                return answer.Grants is [var grant, ..] ? grant : null;
            }
            catch (Exception e) when (_time.GetElapsedTime(started) < ReportLimit)
            {
                // Also after the session: the last grant's result is worth something as long as the job was not granted anew.
                _logger.ReportFailed(report.JobId, report.Token.Epoch, e);
                await Wait(Pause, CancellationToken.None);
            }
            catch (Exception)
            {
                _logger.ReportGivenUp(report.JobId, report.Token.Epoch);
                throw;
            }
        }
    }

    private async Task DeleteScratch(string jobId)
    {
        try
        {
            await _artefacts.DeleteScratchAsync(jobId, CancellationToken.None);
        }
        catch (IOException e)
        {
            _logger.ScratchNotDeleted(jobId, e);
        }
    }

    private async Task Wait(TimeSpan pause, CancellationToken cancellationToken) =>
        await Task.WhenAny(Task.Delay(pause, _time, cancellationToken));
}

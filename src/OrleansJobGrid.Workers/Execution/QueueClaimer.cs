using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Gets one job at a time from the queues that a worker serves: a long poll where there is one queue, else a race of them.</summary>
internal sealed class QueueClaimer(IGrainFactory grains, string workerId, string sessionId, WorkerOffer offer, IReadOnlyList<string> configured)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, string> _outstanding = [];
    private IReadOnlyList<string> _queues = configured.Count > 0 ? configured : [JobSubmissionLimits.DefaultQueue];
    private (IReadOnlyList<string> Services, IReadOnlyList<string> Instances) _offered = offer.Now;
    private bool _closed;
    private int _turn;

    private IWorkerGrain Worker => grains.Worker(workerId);

    /// <summary>Whether there is anything to claim for.</summary>
    public bool HasOffer => offer.Now.Services.Count > 0;

    /// <summary>The queue whose turn it is, with a claim that does not wait.</summary>
    public (string Queue, ClaimRequest Claim) Beside()
    {
        var queues = _queues;
        return (queues[(int)((uint)Interlocked.Increment(ref _turn) % (uint)queues.Count)], RequestOf(Guid.NewGuid(), TimeSpan.Zero));
    }

    /// <summary>Looks for queues that came into being and breakers that changed; claims that wait begin anew then.</summary>
    public async Task Refresh()
    {
        var now = offer.Now;
        if (!now.Services.SequenceEqual(_offered.Services) || !now.Instances.SequenceEqual(_offered.Instances))
        {
            _offered = now;
            await ForgetAll();
        }

        if (configured.Count > 0)
            return;
        var found = await grains.GetGrain<IGridOperationsGrain>(0).QueueNames();
        List<string> queues = [.. found.Append(JobSubmissionLimits.DefaultQueue).Distinct().Order(StringComparer.Ordinal)];
        if (queues.SequenceEqual(_queues))
            return;
        _queues = queues;
        await ForgetAll();
    }

    /// <summary>Ends all waits, and begins none any more.</summary>
    public async Task Close()
    {
        lock (_lock)
            _closed = true;
        await ForgetAll();
    }

    private async Task ForgetAll()
    {
        List<KeyValuePair<Guid, string>> waits;
        lock (_lock)
            waits = [.. _outstanding];
        foreach (var (claim, queue) in waits)
            await grains.Queue(queue).Forget(claim);
    }

    /// <summary>A job, or null when the wait ended. Jobs that two queues gave at once go back but for one.</summary>
    public async Task<JobGrant?> Next()
    {
        var queues = _queues;
        if (queues.Count == 1)
            return await Claim(queues[0], LongPoll) is [var only, ..] ? only : null;
        for (var i = 0; i < queues.Count; i++)
        {
            var (queue, claim) = Beside();
            if ((await Worker.Claim(queue, claim)).Grants is [var grant, ..])
                return grant;
        }

        return await Race(queues);
    }

    private async Task<JobGrant?> Race(IReadOnlyList<string> queues)
    {
        using var won = new CancellationTokenSource();
        var claims = queues.Select(q => Claim(q, LongPoll, won.Token)).ToList();
        await Task.WhenAny(claims);
        await won.CancelAsync();
        var all = await Task.WhenAll(claims);
        var grants = all.SelectMany(g => g).ToList();
        foreach (var extra in grants.Skip(1))
            await Worker.Report(new() { JobId = extra.JobId, Token = extra.Token, Stop = StopReason.NotBegun }, null, null);
        return grants is [var grant, ..] ? grant : null;
    }

    private async Task<IReadOnlyList<JobGrant>> Claim(string queue, TimeSpan wait, CancellationToken over = default)
    {
        var request = RequestOf(Guid.NewGuid(), wait);
        lock (_lock)
        {
            if (_closed)
                return [];
            _outstanding.Add(request.ClaimId, queue);
        }

        await using var end = over.Register(() => grains.Queue(queue).Forget(request.ClaimId).Ignore());
        try
        {
            return (await Worker.Claim(queue, request)).Grants;
        }
        finally
        {
            lock (_lock)
                _outstanding.Remove(request.ClaimId);
        }
    }

    private ClaimRequest RequestOf(Guid claimId, TimeSpan wait)
    {
        var (services, instances) = offer.Now;
        return new() { ClaimId = claimId, WorkerId = workerId, SessionId = sessionId, Services = services, Instances = instances, Wait = wait };
    }
}

using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Planning;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Gets one job at a time from the queues that a worker serves: a long poll where there is one queue, else a race of them.</summary>
internal sealed class QueueClaimer(
    IGrainFactory grains, IWorkerLink link, KnownQueues known, PlannedWorker worker, string sessionId, WorkerOffer offer, WorkerFacts facts, WorkerInventory inventory)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, (string Queue, ClaimFacts Facts)> _outstanding = [];
    private readonly bool _configured = worker.Options.Queues.Count > 0;
    private IReadOnlyList<string> _queues = worker.Options.Queues.Count > 0 ? [.. worker.Options.Queues] : [JobSubmissionLimits.DefaultQueue];
    private (IReadOnlyList<string> Services, IReadOnlyList<string> Instances) _offered = offer.Now;
    private DeclaredCapabilities _inventory = inventory.Now;
    private bool _closed;
    private bool _paused;
    private int _turn;

    /// <summary>Whether it may claim, and there is anything to claim for.</summary>
    public bool HasOffer => !_paused && offer.Now.Services.Count > 0;

    /// <summary>The queue whose turn it is, with a claim of at most so many jobs that does not wait.</summary>
    public (string Queue, ClaimRequest Claim) Beside(int most = 1)
    {
        var queues = _queues;
        return (queues[(int)((uint)Interlocked.Increment(ref _turn) % (uint)queues.Count)], RequestOf(Guid.Empty, TimeSpan.Zero, most));
    }

    /// <summary>
    /// Looks for queues that came into being, breakers and inventories that changed and facts that are better by now; claims that wait begin anew then.
    /// </summary>
    public async Task Refresh()
    {
        var (now, has) = (offer.Now, inventory.Now);
        if (!now.Services.SequenceEqual(_offered.Services) || !now.Instances.SequenceEqual(_offered.Instances) || has != _inventory)
        {
            (_offered, _inventory) = (now, has);
            await ForgetAll();
        }

        var better = facts.Now;
        await Forget(f => BetterFacts.Are(better, f));
        if (_configured)
            return;
        var found = await known.Names();
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

    /// <summary>Ends all waits, and begins none until <see cref="Resume"/>.</summary>
    public Task Pause()
    {
        lock (_lock)
            _paused = true;
        return ForgetAll();
    }

    /// <summary>Claims again.</summary>
    public void Resume()
    {
        lock (_lock)
            _paused = false;
    }

    private Task ForgetAll() => Forget(_ => true);

    private async Task Forget(Func<ClaimFacts, bool> which)
    {
        List<(Guid Claim, string Queue)> waits;
        lock (_lock)
            waits = [.. _outstanding.Where(o => which(o.Value.Facts)).Select(o => (o.Key, o.Value.Queue))];
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
            if ((await link.Claim(queue, claim)).Grants is [var grant, ..])
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
            await link.Report(worker.Id, [new() { JobId = extra.JobId, Token = extra.Token, Stop = StopReason.NotBegun }], null, null);
        return grants is [var grant, ..] ? grant : null;
    }

    private async Task<IReadOnlyList<JobGrant>> Claim(string queue, TimeSpan wait, CancellationToken over = default)
    {
        var request = RequestOf(Guid.NewGuid(), wait);
        lock (_lock)
        {
            if (_closed || _paused)
                return [];
            _outstanding.Add(request.ClaimId, (queue, request.Facts));
        }

        await using var end = over.Register(() => grains.Queue(queue).Forget(request.ClaimId).Ignore());
        try
        {
            return (await link.Claim(queue, request)).Grants;
        }
        finally
        {
            lock (_lock)
                _outstanding.Remove(request.ClaimId);
        }
    }

    private ClaimRequest RequestOf(Guid claimId, TimeSpan wait, int most = 1)
    {
        var (services, instances) = offer.Now;
        var capabilities = inventory.Now;
        return new()
        {
            ClaimId = claimId,
            WorkerId = worker.Id,
            SessionId = sessionId,
            Services = services,
            Instances = instances,
            Wait = wait,
            Max = most,
            CapabilitiesKey = capabilities.Key,
            Capabilities = capabilities.Text,
            Facts = facts.Now,
        };
    }
}

using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.Chaos.Soak;

/// <summary>A kill -9, on the run's clock.</summary>
/// <param name="What">What was killed.</param>
/// <param name="At">When.</param>
/// <param name="Detected">When the grid first said so: a worker of the silo not active any more, or a health that is not ok.</param>
/// <param name="Ready">When it ran again.</param>
internal sealed record SoakFault(string What, TimeSpan At, TimeSpan? Detected, TimeSpan Ready);

/// <summary>Kills in turn, and asks the grid what it noticed.</summary>
internal sealed class SoakFaults(SoakGrid grid, SoakOptions options, Journal journal)
{
    private const int StoreEach = 5;
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly List<SoakFault> _faults = [];

    /// <summary>Those that are over.</summary>
    public IReadOnlyList<SoakFault> Done
    {
        get
        {
            lock (_faults)
                return [.. _faults];
        }
    }

    /// <summary>A kill each time, the last one that long before the end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var started = journal.Now;
        for (var n = 1; options.KillEvery * n <= options.Length - options.KillEvery; n++)
        {
            var early = started + (options.KillEvery * n) - journal.Now;
            if (early > TimeSpan.Zero)
                await Task.Delay(early, TimeProvider.System, cancellationToken);
            var store = options.KillsStore && (!options.KillsSilos || n % StoreEach == 0);
            var fault = store ? await KillStoreAsync(cancellationToken) : await KillSiloAsync(n % options.Silos, cancellationToken);
            journal.Say($"over: {fault}");
            lock (_faults)
                _faults.Add(fault);
        }
    }

    private async Task<SoakFault> KillSiloAsync(int place, CancellationToken cancellationToken)
    {
        var silo = grid.Silos[place];
        var other = grid.Clients[(place + 1) % grid.Clients.Count];
        var (node, before) = (SoakGrid.NodeOf(place), (await other.GetWorkersAsync(cancellationToken)).Workers.Where(w => w.State == "active").Select(w => w.WorkerId).ToHashSet());
        var at = journal.Now;
        journal.Say($"FAULT kill -9 {silo.Name}");
        await silo.KillAsync();
        var detecting = DetectAsync(async () =>
            !(await other.GetWorkersAsync(cancellationToken)).Workers.Any(w => w.Node == node && w.State == "active" && before.Contains(w.WorkerId)), cancellationToken);
        await Task.Delay(RestartPause, TimeProvider.System, cancellationToken);
        await silo.StartAsync(cancellationToken);
        var ready = journal.Now;
        return new(silo.Name, at, await detecting, ready);
    }

    private async Task<SoakFault> KillStoreAsync(CancellationToken cancellationToken)
    {
        var at = journal.Now;
        journal.Say("FAULT kill -9 store");
        await grid.Redis.KillAsync();
        var detecting = DetectAsync(async () => (await grid.Clients[0].GetHealthAsync(cancellationToken)).Status != "ok", cancellationToken);
        await Task.Delay(RestartPause, TimeProvider.System, cancellationToken);
        await grid.Redis.RestartAsync(cancellationToken);
        var ready = journal.Now;
        return new("store", at, await detecting, ready);
    }

    /// <summary>Null: not within the time until the next kill.</summary>
    private async Task<TimeSpan?> DetectAsync(Func<Task<bool>> noticed, CancellationToken cancellationToken)
    {
        var until = journal.Now + (options.KillEvery / 2);
        while (journal.Now < until)
        {
            try
            {
                if (await noticed())
                    return journal.Now;
            }
            catch (JobGridException)
            {
                // No answer tells nothing.
            }

            await Task.Delay(Look, TimeProvider.System, cancellationToken);
        }

        return null;
    }
}

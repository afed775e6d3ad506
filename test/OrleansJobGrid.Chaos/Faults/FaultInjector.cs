using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.TestKit.Grid;

namespace OrleansJobGrid.Chaos.Faults;

/// <summary>Brings a schedule about, and each fault to its end.</summary>
internal sealed class FaultInjector(ChaosGrid grid, Journal journal)
{
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _begun = [];

    /// <summary>When faults began, by the run's clock.</summary>
    public IReadOnlyList<TimeSpan> Begun
    {
        get
        {
            lock (_lock)
                return [.. _begun];
        }
    }

    /// <summary>Returns when the last fault is over and what it took down runs again.</summary>
    public Task RunAsync(IReadOnlyList<Fault> faults, CancellationToken cancellationToken)
    {
        var started = journal.Now;
        return Task.WhenAll(faults.Select(async fault =>
        {
            var early = started + fault.At - journal.Now;
            if (early > TimeSpan.Zero)
                await Task.Delay(early, TimeProvider.System, cancellationToken);
            await InjectAsync(fault, cancellationToken);
        }));
    }

    private Task InjectAsync(Fault fault, CancellationToken cancellationToken) => fault.Nemesis switch
    {
        Nemesis.KillSilo or Nemesis.KillGateway => AtPlaceAsync(fault, async place =>
        {
            await place.KillAsync();
            await Task.Delay(fault.For, TimeProvider.System, cancellationToken);
            await place.StartAsync(cancellationToken);
        }),
        _ => throw new InvalidOperationException($"Nothing is known of {fault.Nemesis}."),
    };

    private async Task AtPlaceAsync(Fault fault, Func<Place, Task> act)
    {
        var place = fault.Target.Kind == TargetKind.Gateway ? grid.Gateway : grid.Silos[fault.Target.Place];
        await place.Busy.WaitAsync();
        try
        {
            Begin(fault);
            await act(place);
            journal.Say($"over: {fault}");
        }
        finally
        {
            place.Busy.Release();
        }
    }

    private void Begin(Fault fault)
    {
        journal.Say($"FAULT {fault}");
        lock (_lock)
            _begun.Add(journal.Now);
    }
}

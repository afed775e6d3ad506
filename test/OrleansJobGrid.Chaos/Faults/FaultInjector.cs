using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Redis;

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

    private Task InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        Task Lasting() => Task.Delay(fault.For, TimeProvider.System, cancellationToken);
        return fault switch
        {
            { Nemesis: Nemesis.KillSilo or Nemesis.KillGateway } => AtPlaceAsync(fault, async place =>
            {
                await place.KillAsync();
                await Lasting();
                await place.StartAsync(cancellationToken);
            }),
            { Nemesis: Nemesis.KillStore } => AtStoreAsync(fault, async store =>
            {
                await store.KillAsync();
                await Lasting();
                await store.RestartAsync(cancellationToken);
            }),
            { Nemesis: Nemesis.Stop, Target.Kind: TargetKind.Store } => AtStoreAsync(fault, async store =>
            {
                Signals.Send(store.ProcessId, Signals.Stop);
                await Lasting();
                Signals.Send(store.ProcessId, Signals.Continue);
            }),
            { Nemesis: Nemesis.Stop } => AtPlaceAsync(fault, async place =>
            {
                place.Signal(Signals.Stop);
                await Lasting();
                place.Signal(Signals.Continue);
            }),
            { Nemesis: Nemesis.Proxy } => OnLinkAsync(fault, Lasting),
            { Nemesis: Nemesis.Clock } => OfClockAsync(fault, Lasting),
            { Nemesis: Nemesis.Disk, Target.Kind: TargetKind.Store } => AtStoreAsync(fault, async store =>
            {
                grid.Disk!.Fill();
                await Lasting();
                grid.Disk.Free();
                journal.Say($"the store {(store.IsRunning ? "outlived the full disk" : "ended on the full disk")}");
                if (!store.IsRunning)
                    await store.RestartAsync(cancellationToken);
            }),
            { Nemesis: Nemesis.Disk } => AtPlaceAsync(fault, async _ =>
            {
                grid.Disk!.Fill();
                await Lasting();
                grid.Disk.Free();
            }),
            { Nemesis: Nemesis.Rolling } => RollAsync(fault, cancellationToken),
            _ => throw new InvalidOperationException($"Nothing is known of {fault.Nemesis}."),
        };
    }

    private async Task OnLinkAsync(Fault fault, Func<Task> lasting)
    {
        Begin(fault);
        var link = grid.Link(fault.Target);
        link.Set(fault.Way, fault.Amount);
        await lasting();
        link.Set(LinkWay.Pass);
        journal.Say($"over: {fault}");
    }

    /// <summary>Two steps: away from the others' time, and back.</summary>
    private async Task OfClockAsync(Fault fault, Func<Task> lasting)
    {
        Begin(fault);
        var clock = grid.Clock(fault.Target);
        clock.Step(fault.Amount);
        await lasting();
        clock.Step(TimeSpan.Zero);
        journal.Say($"over: {fault}");
    }

    /// <summary>As a new version is rolled out: one silo after the other drains, ends and is started again.</summary>
    private async Task RollAsync(Fault fault, CancellationToken cancellationToken)
    {
        Begin(fault);
        foreach (var place in grid.Silos)
        {
            await place.Busy.WaitAsync(cancellationToken);
            try
            {
                await place.TerminateAsync();
                await place.StartAsync(cancellationToken);
            }
            finally
            {
                place.Busy.Release();
            }
        }

        journal.Say($"over: {fault}");
    }

    private async Task AtStoreAsync(Fault fault, Func<RedisServer, Task> act)
    {
        await grid.StoreBusy.WaitAsync();
        try
        {
            Begin(fault);
            await act(grid.Redis!);
            journal.Say($"over: {fault}");
        }
        finally
        {
            grid.StoreBusy.Release();
        }
    }

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

using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Planning;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>What is true of a worker at a moment, as its claims and heartbeats carry it.</summary>
internal sealed class WorkerFacts
{
    private readonly PlannedWorker _worker;
    private readonly HeldAttempts _held;
    private readonly GpuMonitor? _gpus;
    private readonly (IModelHost Host, ModelPlace Place)[] _hosts;
    private readonly long _loadsBefore;

    public WorkerFacts(PlannedWorker worker, HeldAttempts held, IEnumerable<IConnector> connectors, GpuMonitor? gpus)
    {
        (_worker, _held, _gpus) = (worker, held, gpus);
        _hosts = [.. connectors.OfType<IModelHost>().Select(h => (h, PlaceOf(h)))];
        _loadsBefore = Loads();
    }

    public ClaimFacts Now
    {
        get
        {
            var sums = _held.Sums;
            return new()
            {
                FreeGpuMemoryMb = Free(sums),
                TotalGpuMemoryMb = Total,
                Customers = sums.Customers,
                LoadedModels = LoadedModels,
                Held = sums.Jobs,
            };
        }
    }

    /// <summary>Its GPU; null: a CPU worker.</summary>
    public GpuView? Gpu => State?.View;

    /// <summary>Why no work can run here now; null: it can.</summary>
    public string? Outage => State is { IsGone: true } gone ? $"its GPU is gone: {gone.Fault}" : null;

    /// <summary>Models that its services have loaded, each once, sorted.</summary>
    public IReadOnlyList<string> LoadedModels
    {
        get
        {
            List<string>? loaded = null;
            foreach (var (host, place) in _hosts)
            {
                if (host.LoadedModels(place) is { Count: > 0 } models)
                    (loaded ??= []).AddRange(models);
            }

            return loaded is null ? [] : [.. loaded.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>How often they loaded one in this session.</summary>
    public long ModelLoads => Loads() - _loadsBefore;

    private GpuState? State => _worker.Gpu is { } gpu ? _gpus?.Of(gpu.Uuid) ?? new(gpu, null, "it was not read yet", IsOld: true) : null;

    /// <summary>What it offers, which its settings may have lowered.</summary>
    private long? Total => _worker.Capabilities.Value.Hardware?.GpuMemoryMb;

    /// <summary>GPU memory that a further job beside these may count on, MB; null: no GPU, or not known.</summary>
    public long? Free(HeldSums held)
    {
        if (State is not { } state)
            return GpuFreeMemory.Of(null, Total, held.EnvelopesMb);
        return state.IsOld ? null : GpuFreeMemory.Of(state.Reading.MemoryFreeMb, Total, held.EnvelopesMb);
    }

    /// <summary>Why a grant that has just come is to be given back; null: it is not.</summary>
    public string? Refusal(JobGrant grant, HeldSums held) => GrantCheck.Refusal(grant, held, _worker.MaxCustomers, Free(held));

    private long Loads() => _hosts.Sum(h => h.Host.ModelLoads(h.Place));

    private ModelPlace PlaceOf(IModelHost host) =>
        new(_worker.Id, _worker.Gpu?.Uuid, host is IExternalConnector external ? [.. external.Instances.Select(i => i.Id)] : []);
}

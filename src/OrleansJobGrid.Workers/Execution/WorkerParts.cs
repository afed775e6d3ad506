using Microsoft.Extensions.Logging;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Gpu;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>What the workers of a process share.</summary>
/// <param name="Grains">The grid.</param>
/// <param name="Link">What a worker says with every job goes this way.</param>
/// <param name="Artefacts">Files of jobs.</param>
/// <param name="Process">What they say of their process.</param>
/// <param name="Failures">What failures mean.</param>
/// <param name="Gpus">The readings of the machine's GPUs; null: there is none.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logs">Makes the logs.</param>
/// <param name="Limits">How large outputs may be; null: the defaults.</param>
/// <param name="Origins">Connectors from assemblies of their own; null: there are none.</param>
/// <param name="Proofs">What is known of the services outside; null: they are believed.</param>
internal sealed record WorkerParts(
    IGrainFactory Grains, IWorkerLink Link, IArtefactStore Artefacts, WorkerProcess Process, FailureReporting Failures, GpuMonitor? Gpus, TimeProvider Time, ILoggerFactory Logs,
    ArtefactOptions? Limits = null, InstanceProofs? Proofs = null, ConnectorOrigins? Origins = null)
{
    /// <summary>The queues that there are.</summary>
    public KnownQueues Queues { get; } = new(() => Grains.GetGrain<IGridOperationsGrain>(0).QueueNames(), Time);

    /// <summary>When running attempts say what is new.</summary>
    public SharedBeat Pulse { get; } = new(AttemptPulse.Period, Time);
}

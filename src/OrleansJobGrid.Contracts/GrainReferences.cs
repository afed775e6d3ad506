using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Contracts;

/// <summary>
/// References to the grains of every job's way. The generic <c>GetGrain</c> reads the interface's attributes by reflection at each call,
/// which costs more than the call of a grain in the same silo; here the names that those attributes fix are known.
/// </summary>
public static class GrainReferences
{
    private static readonly GrainType JobType = GrainType.Create("jobgrid.job");
    private static readonly GrainInterfaceType JobInterface = GrainInterfaceType.Create("jobgrid.job");
    private static readonly GrainType QueueType = GrainType.Create("jobgrid.queue");
    private static readonly GrainInterfaceType QueueInterface = GrainInterfaceType.Create("jobgrid.queue");
    private static readonly GrainType WorkerType = GrainType.Create("jobgrid.worker");
    private static readonly GrainInterfaceType WorkerInterface = GrainInterfaceType.Create("jobgrid.worker");

    /// <summary>The job of this id.</summary>
    public static IJobGrain Job(this IGrainFactory grains, string jobId) => (IJobGrain)grains.GetGrain(GrainId.Create(JobType, jobId), JobInterface);

    /// <summary>The queue of this name.</summary>
    public static IPriorityQueueGrain Queue(this IGrainFactory grains, string name) =>
        (IPriorityQueueGrain)grains.GetGrain(GrainId.Create(QueueType, name), QueueInterface);

    /// <summary>The worker of this id.</summary>
    public static IWorkerGrain Worker(this IGrainFactory grains, string workerId) =>
        (IWorkerGrain)grains.GetGrain(GrainId.Create(WorkerType, workerId), WorkerInterface);
}

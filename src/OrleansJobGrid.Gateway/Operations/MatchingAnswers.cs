using System.ComponentModel.DataAnnotations;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary>A worker's GPU as it was last read; memory in MB of 1,048,576 bytes.</summary>
internal sealed record GpuDocument(
    string Uuid, string Name, string? Architecture, string? Driver, long MemoryTotalMb, long MemoryFreeMb, int? UtilizationPercent, int? TemperatureCelsius,
    int Processes, string? Fault, bool Gone)
{
    public static GpuDocument Of(GpuView g) => new(
        g.Uuid, g.Name, g.Architecture, g.Driver, g.MemoryTotalMb, g.MemoryFreeMb, g.UtilizationPercent, g.TemperatureCelsius, g.Processes, g.Fault, g.Gone);
}

/// <summary>A request about a worker was taken.</summary>
internal sealed record WorkerControlDocument(bool Success, string WorkerId, string Message, IsoTime Timestamp);

/// <summary>How a worker is to drain.</summary>
internal sealed record DrainDocument
{
    /// <summary>How long its jobs may go on, seconds, 0 to 86400; then they are handed on with their last checkpoint. Absent: as long as they take.</summary>
    [Range(0, 86_400)]
    public double? DeadlineSeconds { get; init; }

    [StringLength(BodyField.ReasonLength, MinimumLength = 1)]
    public string? Reason { get; init; }
}

/// <summary>Models and custom nodes.</summary>
internal sealed record ModelListAnswer(bool Success, IReadOnlyList<ModelDocument> Models, string? NextCursor, IsoTime Timestamp);

/// <summary>A model or a custom node (kind), who has it, where it is loaded, and jobs that wait for it; lacked_by: those no live worker can take for want of it.</summary>
internal sealed record ModelDocument(string Kind, string Name, IReadOnlyList<string> Workers, IReadOnlyList<string> LoadedOn, long WaitingJobs, long LackedBy)
{
    public static ModelDocument Of(ModelView m) => new(m.Kind, m.Name, m.Workers, m.LoadedOn, m.WaitingJobs, m.LackedBy);
}

/// <summary>What waits, by capability class.</summary>
internal sealed record DemandListAnswer(bool Success, IReadOnlyList<DemandDocument> Demand, string? NextCursor, IsoTime Timestamp);

/// <summary>
/// What waits for one class of workers; work_seconds in seconds of one slot, wanted_workers for all of it to start within the target wait. Jobs in
/// paused queues are in paused_jobs alone.
/// </summary>
internal sealed record DemandDocument(string Class, long Jobs, double WorkSeconds, double OldestSeconds, int Workers, int WantedWorkers, long PausedJobs)
{
    public static DemandDocument Of(DemandView d) => new(d.Class, d.Jobs, d.WorkSeconds, d.OldestSeconds, d.Workers, d.WantedWorkers, d.PausedJobs);
}

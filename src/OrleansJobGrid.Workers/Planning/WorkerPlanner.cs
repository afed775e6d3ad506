using Microsoft.Extensions.Options;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Planning;

/// <summary>Looks at the machine once, and plans this process's workers. A plan with errors keeps the process from starting.</summary>
internal sealed class WorkerPlanner : IValidateOptions<WorkerOptions>
{
    private readonly Lazy<(GpuProbeResult Found, WorkerPlan Plan)> _made;

    public WorkerPlanner(IEnumerable<WorkerSettings> settings, IGpuProbe probe, IEnumerable<IConnector> connectors, WorkFolder? folder = null) =>
        _made = new(() =>
        {
            var found = Look(probe);
            return (found, WorkerPlan.Of([.. settings], found, MachineFacts.Read(folder?.Path), [.. connectors]));
        });

    /// <summary>What the first look found.</summary>
    public GpuProbeResult Found => _made.Value.Found;

    /// <summary>The plan.</summary>
    public WorkerPlan Plan => _made.Value.Plan;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, WorkerOptions options) =>
        Plan.Errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(Plan.Errors);

    private static GpuProbeResult Look(IGpuProbe probe)
    {
        try
        {
            return probe.Read();
        }
        catch (Exception e)
        {
            return new(null, [], $"the look for GPUs failed: {e.Message}");
        }
    }
}

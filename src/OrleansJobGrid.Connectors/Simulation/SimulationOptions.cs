namespace OrleansJobGrid.Connectors.Simulation;

/// <summary>What simulated jobs may do on this worker (<c>JobGrid:Simulation</c>).</summary>
public sealed class SimulationOptions
{
    /// <summary>Whether a job with <c>failure: crash</c> may end this worker's process. For tests of recovery. Default false.</summary>
    public bool AllowCrash { get; set; }

    /// <summary>Folders (absolute) below which <c>side_effect_file</c> may lie. Default none: such jobs are refused.</summary>
    public IList<string> SideEffectFolders { get; set; } = [];

    /// <summary>The most memory that a job may take, in MiB. Default 1,024.</summary>
    public int MaxMemoryMb { get; set; } = 1024;

    /// <summary>Models that stay loaded for each GPU, or each worker without one, 1 to 1,000. Default 1.</summary>
    public int ModelsKept { get; set; } = 1;

    /// <summary>
    /// Memory that each GPU is taken to have, in MiB, from 1: a job whose <c>gpu_memory_mb</c> is above it fails as CUDA out of memory does.
    /// Default none: no job does.
    /// </summary>
    public int? GpuMemoryMb { get; set; }
}

namespace OrleansJobGrid.Workers.Gpu;

/// <summary>A process that computes on a GPU.</summary>
/// <param name="Pid">Its id as the driver sees it: that of the machine, not of a container.</param>
/// <param name="MemoryMb">Its memory on the device, MB; null: the driver does not tell (MIG, WDDM).</param>
public sealed record GpuProcess(int Pid, long? MemoryMb);

namespace OrleansJobGrid.Workers.Gpu;

/// <summary>A process on a GPU.</summary>
/// <param name="Pid">Its id on this machine.</param>
/// <param name="MemoryUsedMb">GPU memory that it has, MB of 1,048,576 bytes; null: the driver does not tell.</param>
public sealed record GpuProcess(int Pid, long? MemoryUsedMb);

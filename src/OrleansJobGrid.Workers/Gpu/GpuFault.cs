namespace OrleansJobGrid.Workers.Gpu;

/// <summary>What could not be read.</summary>
/// <param name="Index">The GPU's number, see <see cref="GpuReading.Index"/>.</param>
/// <param name="Uuid">Its uuid, from an earlier reading where this one did not give it; null: it was never read.</param>
/// <param name="Message">A sentence for a person, which names the GPU, what was asked and the driver's answer.</param>
public sealed record GpuFault(int Index, string? Uuid, string Message);

using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Planning;

/// <summary>What a worker says of its machine, held against what was measured: it may say less, never more.</summary>
internal static class HardwareClaim
{
    private const double Gigabyte = 1e9;
    private const double Megabyte = 1_048_576;

    /// <summary>The machine as it is offered. What is claimed above the measured is said to <paramref name="wrong"/>.</summary>
    /// <param name="claimed">The settings.</param>
    /// <param name="gpu">The worker's GPU; null: a CPU worker.</param>
    /// <param name="probe">What the driver says.</param>
    /// <param name="machine">The rest of the machine.</param>
    /// <param name="wrong">Called with a setting's name below <c>Hardware</c> and what is wrong with it.</param>
    public static HardwareCapabilities Of(HardwareOptions claimed, GpuReading? gpu, GpuProbeResult probe, MachineFacts machine, Action<string, string> wrong)
    {
        // Without a driver nothing is measured: a device that no probe knows may be declared.
        var measured = probe.DriverVersion is not null || probe.Gpus.Count > 0;
        var memory = GpuMemory(claimed, gpu, measured, wrong);
        var count = AtMost("GpuCount", claimed.GpuCount, measured ? gpu is null ? 0 : 1 : null, wrong, "GPUs of this worker (each one is a worker of its own)");
        CheckName("GpuModel", claimed.GpuModel, gpu?.Name, measured, part: true, wrong);
        CheckName("GpuArchitecture", claimed.GpuArchitecture, gpu?.Architecture, measured && (gpu is null || gpu.Architecture is not null), part: false, wrong);
        return new()
        {
            GpuMemoryMb = memory,
            GpuCount = count is null or 0 ? (memory is null ? null : 1) : (int)count,
            GpuModel = gpu?.Name ?? claimed.GpuModel,
            GpuArchitecture = gpu?.Architecture ?? claimed.GpuArchitecture?.ToLowerInvariant(),
            CpuCores = (int?)AtMost("CpuCores", claimed.CpuCores, machine.CpuCores, wrong, "processor cores"),
            RamGb = AtMost("RamGb", claimed.RamGb, machine.RamGb, wrong, "GB of memory"),
            DiskGb = AtMost("DiskGb", claimed.DiskGb, machine.DiskGb, wrong, "GB free in the work folder"),
        };
    }

    private static long? GpuMemory(HardwareOptions claimed, GpuReading? gpu, bool measured, Action<string, string> wrong)
    {
        var total = measured ? gpu?.MemoryTotalMb ?? 0 : (long?)null;
        var said = claimed.GpuMemoryGb is { } gb ? (long)Math.Floor(gb * Gigabyte / Megabyte) : (long?)null;
        if (said > total)
        {
            wrong("GpuMemoryGb", total == 0
                ? $"is {claimed.GpuMemoryGb}, but this worker has no GPU; name one in Gpus, or leave it out."
                : $"is {claimed.GpuMemoryGb} ({said} MB), but {gpu!.Name} was measured to have {total} MB ({total * Megabyte / Gigabyte:0.##} GB); "
                    + "lower it, or leave it out.");
        }

        return (said ?? total) is > 0 and var offered ? offered : null;
    }

    private static double? AtMost(string setting, double? said, double? measured, Action<string, string> wrong, string what)
    {
        if (said > measured)
            wrong(setting, $"is {said}, but {measured} {what} were measured; lower it, or leave it out.");
        return said ?? measured;
    }

    private static void CheckName(string setting, string? said, string? name, bool measured, bool part, Action<string, string> wrong)
    {
        if (said is null || !measured)
            return;
        if (name is null)
            wrong(setting, $"is '{said}', but this worker has no GPU; name one in Gpus, or leave it out.");
        else if (part ? !name.Contains(said, StringComparison.OrdinalIgnoreCase) : !name.Equals(said, StringComparison.OrdinalIgnoreCase))
            wrong(setting, $"is '{said}', but the driver names '{name}'; give that{(part ? " or a part of it" : "")}, or leave it out.");
    }
}

using System.Globalization;
using OrleansJobGrid.Workers.Gpu;

namespace OrleansJobGrid.Workers.Hosting;

/// <summary>Reads the setting <see cref="WorkerOptions.Gpus"/>.</summary>
internal static class GpuChoice
{
    public const string Auto = "auto";
    public const string None = "none";

    public static bool IsAuto(string setting) => setting.Trim().Equals(Auto, StringComparison.OrdinalIgnoreCase);

    public static bool IsNone(string setting) => setting.Trim().Equals(None, StringComparison.OrdinalIgnoreCase);

    /// <summary>The devices that a list names, in its order. What is wrong is said to <paramref name="wrong"/>.</summary>
    public static List<GpuReading> Devices(string setting, GpuProbeResult probe, Action<string> wrong)
    {
        var chosen = new List<GpuReading>();
        foreach (var name in setting.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var found = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                ? probe.Gpus.FirstOrDefault(g => g.Index == index)
                : probe.Gpus.FirstOrDefault(g => g.Uuid.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (found is null)
                wrong($"names the GPU '{name}', which is not there. {Known(probe)}");
            else if (chosen.Contains(found))
                wrong($"names GPU {found.Index} ({found.Uuid}) twice; leave one out.");
            else
                chosen.Add(found);
        }

        if (chosen.Count == 0 && setting.Split(',').All(string.IsNullOrWhiteSpace))
            wrong("is empty; give auto, none, or indexes or uuids with commas between.");
        return chosen;
    }

    /// <summary>What may be named instead.</summary>
    public static string Known(GpuProbeResult probe) => probe.Gpus.Count == 0
        ? $"This machine has no GPU: {probe.Absence}. Give auto or none."
        : $"There are {string.Join(", ", probe.Gpus.Select(g => $"{g.Index} ({g.Name}, {g.Uuid})"))}.";
}

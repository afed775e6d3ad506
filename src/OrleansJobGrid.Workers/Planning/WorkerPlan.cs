using System.Text.RegularExpressions;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Planning;

/// <summary>The workers that this process is to run: one for each GPU or one on the CPU, or those that are named.</summary>
/// <param name="Workers">The workers.</param>
/// <param name="Errors">What is wrong with the settings, each with its name and the mend; where there are any, nothing is to be run.</param>
internal sealed partial record WorkerPlan(IReadOnlyList<PlannedWorker> Workers, IReadOnlyList<string> Errors)
{
    private static readonly WorkerOptionsValidator Ranges = new();

    /// <summary>Makes the plan.</summary>
    /// <param name="settings">All workers' settings.</param>
    /// <param name="probe">What was found of GPUs.</param>
    /// <param name="machine">The rest of the machine.</param>
    /// <param name="connectors">The program's connectors, which know the services and instances that may be named.</param>
    public static WorkerPlan Of(
        IReadOnlyList<WorkerSettings> settings, GpuProbeResult probe, MachineFacts machine, IReadOnlyCollection<IConnector> connectors)
    {
        var errors = new List<string>();
        var workers = new List<PlannedWorker>();
        foreach (var one in settings)
        {
            errors.AddRange(RangeErrors(one));
            errors.AddRange(CapabilitySettings.Check(one.Options, one.Section));
            errors.AddRange(ConnectorErrors(one, connectors));
            var gpus = GpusOf(one, probe, errors);
            workers.AddRange(gpus.Count == 0 ? [Planned(one, null, gpus, settings, probe, machine, errors)] : gpus.Select(g => Planned(one, g, gpus, settings, probe, machine, errors)));
        }

        errors.AddRange(Clashes(settings, workers));
        return new(workers, [.. errors.Distinct()]);
    }

    private static PlannedWorker Planned(
        WorkerSettings one, GpuReading? gpu, List<GpuReading> gpus, IReadOnlyList<WorkerSettings> all, GpuProbeResult probe, MachineFacts machine,
        List<string> errors)
    {
        var options = one.Options;
        var hardware = HardwareClaim.Of(
            options.Hardware, gpu, probe, machine, (setting, wrong) => errors.Add($"{one.Section}:Hardware:{setting} {wrong}"));
        var id = IdOf(one, gpu, gpus.Count);
        if (!IdPattern().IsMatch(id))
            errors.Add($"{one.Section}:Id makes the id '{id}', which is not 1 to 128 characters of A-Z a-z 0-9 . _ : -; shorten Id or Node.");
        return new()
        {
            Id = id,
            Slots = options.Slots ?? (gpu is null ? Environment.ProcessorCount : 1),
            Options = options,
            Capabilities = new(CapabilitySettings.Of(options, hardware)),
            Gpu = gpu,
            Services = [.. options.Services],
            Instances = [.. options.Instances],
            OthersInstances = [.. all.Where(o => o != one).SelectMany(o => o.Options.Instances)],
        };
    }

    private static string IdOf(WorkerSettings one, GpuReading? gpu, int gpus) => (one.Options.Id, gpu) switch
    {
        ({ } id, { } device) when gpus > 1 => $"{id}:{device.Uuid}",
        ({ } id, _) => id,
        (null, { } device) => $"{one.Options.Node}:{device.Uuid}",
        _ => $"{Environment.MachineName}-{Environment.ProcessId}",
    };

    private static List<GpuReading> GpusOf(WorkerSettings one, GpuProbeResult probe, List<string> errors)
    {
        var setting = one.Options.Gpus;
        if (GpuChoice.IsNone(setting))
            return [];
        if (GpuChoice.IsAuto(setting))
        {
            if (one.Name is null)
                return [.. probe.Gpus];
            if (probe.Gpus.Count > 0)
                errors.Add($"{one.Section}:Gpus does not say which GPU is this worker's; name exactly one, or none. {GpuChoice.Known(probe)}");
            return [];
        }

        var gpus = GpuChoice.Devices(setting, probe, wrong => errors.Add($"{one.Section}:Gpus {wrong}"));
        if (one.Name is not null && gpus.Count > 1)
        {
            errors.Add($"{one.Section}:Gpus names {gpus.Count} GPUs; a worker has exactly one, or none. Make another worker of each.");
            return [gpus[0]];
        }

        return gpus;
    }

    private static IEnumerable<string> RangeErrors(WorkerSettings one)
    {
        if (one.Name is { } name && !NamePattern().IsMatch(name))
            yield return $"{one.Section}: a worker's name is 1 to 64 characters of A-Z a-z 0-9 . _ -";
        foreach (var failure in Ranges.Validate(null, one.Options).Failures ?? [])
        {
            // "Slots: The field WorkerOptions.Slots must be ...", or with a message of its own that names the section of the only worker.
            yield return failure[(failure.IndexOf(": ", StringComparison.Ordinal) + 2)..]
                .Replace("The field WorkerOptions.", one.Section + ":", StringComparison.Ordinal)
                .Replace("JobGrid:Worker:", one.Section + ":", StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> ConnectorErrors(WorkerSettings one, IReadOnlyCollection<IConnector> connectors)
    {
        var services = connectors.Select(c => c.Service).Order(StringComparer.Ordinal).ToList();
        foreach (var service in one.Options.Services.Except(services))
            yield return $"{one.Section}:Services names '{service}', which this program has no connector for. There are {string.Join(", ", services)}.";
        var instances = connectors.OfType<IExternalConnector>().SelectMany(c => c.Instances).Select(i => i.Id).Order(StringComparer.Ordinal).ToList();
        foreach (var instance in one.Options.Instances.Except(instances))
        {
            var known = instances.Count == 0 ? "There is none" : $"There are {string.Join(", ", instances)}";
            yield return $"{one.Section}:Instances names '{instance}', which no service has. {known}; names are service/instance.";
        }
    }

    private static IEnumerable<string> Clashes(IReadOnlyList<WorkerSettings> settings, List<PlannedWorker> workers)
    {
        foreach (var gpu in workers.Where(w => w.Gpu is not null).GroupBy(w => w.Gpu!.Uuid).Where(g => g.Count() > 1))
        {
            var users = string.Join(", ", settings.Where(s => gpu.Any(w => w.Options == s.Options)).Select(s => $"{s.Section}:Gpus"));
            yield return $"GPU {gpu.First().Gpu!.Index} ({gpu.Key}) is used by several workers: {users}. Give each its own, or none.";
        }

        var instances = settings.SelectMany(s => s.Options.Instances.Distinct(), (s, i) => (Instance: i, s.Section)).GroupBy(i => i.Instance).Where(g => g.Count() > 1);
        foreach (var instance in instances)
            yield return $"Instance '{instance.Key}' is used by several workers: {string.Join(", ", instance.Select(i => $"{i.Section}:Instances"))}. Name it in one.";
        foreach (var id in workers.GroupBy(w => w.Id).Where(g => g.Count() > 1))
            yield return $"The worker id '{id.Key}' stands for {id.Count()} workers; give each its own Id.";
    }

    [GeneratedRegex("^[A-Za-z0-9._:-]{1,128}$")]
    private static partial Regex IdPattern();

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex NamePattern();
}

using System.Globalization;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Workers;

namespace OrleansJobGrid.Grains.Operations;

/// <summary>What waits, gathered for autoscalers and for people who look for a model. Pure.</summary>
internal static class DemandReport
{
    private const double Unmeasured = 1;

    /// <summary>What waits by capability class.</summary>
    /// <param name="waiting">What waits, by requirement.</param>
    /// <param name="workers">All registered workers.</param>
    /// <param name="targetWait">The wait that <see cref="DemandView.WantedWorkers"/> aims at.</param>
    /// <param name="clock">Unix ms.</param>
    public static IReadOnlyList<DemandView> Classes(IReadOnlyList<BucketDemand> waiting, IReadOnlyList<KnownWorker> workers, TimeSpan targetWait, long clock)
    {
        var measured = waiting.Where(w => w.RunP50Seconds is not null).ToList();
        var mean = measured.Count == 0 ? Unmeasured : measured.Sum(w => w.Jobs * w.RunP50Seconds!.Value) / measured.Sum(w => w.Jobs);
        return
        [
            .. waiting.Select(w => (Demand: w, Need: JobNeed.Of(new(w.Signature))))
                .GroupBy(w => ClassOf(w.Need, w.Demand.QueueLabels), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g =>
                {
                    var asking = g.Select(w => w.Demand).Where(d => !d.Paused).ToList();
                    var seconds = asking.Sum(d => d.Jobs * (d.RunP50Seconds ?? mean));
                    var serving = workers.Where(w => g.Any(d => w.Claims(d.Need.Service) && w.ClaimsFrom(d.Demand.Queue, d.Demand.QueueLabels) && Matcher.Matches(d.Need, w.Match))).ToList();
                    var slots = serving.Count == 0 ? 1 : serving.Average(w => w.Slots);
                    return new DemandView(
                        g.Key, asking.Sum(d => d.Jobs), seconds, asking.Count == 0 ? 0 : Math.Max(0, clock - asking.Min(d => d.OldestAt)) / 1000.0, serving.Count,
                        asking.Count == 0 ? 0 : (int)Math.Max(1, Math.Ceiling(seconds / targetWait.TotalSeconds / slots)),
                        g.Where(w => w.Demand.Paused).Sum(w => w.Demand.Jobs));
                }),
        ];
    }

    /// <summary>Models and custom nodes: who has them, and who waits for them.</summary>
    public static IReadOnlyList<ModelView> Models(IReadOnlyList<BucketDemand> waiting, IReadOnlyList<KnownWorker> workers)
    {
        var needs = waiting.Select(w => (w.Jobs, Need: JobNeed.Of(new(w.Signature)))).ToList();
        var models = workers.SelectMany(w => w.Match.Capabilities.Models?.Values.SelectMany(m => m) ?? [])
            .Concat(needs.SelectMany(n => n.Need.Requirements.Models ?? [])).Distinct(StringComparer.OrdinalIgnoreCase);
        var nodes = workers.SelectMany(w => w.Match.Capabilities.CustomNodes ?? [])
            .Concat(needs.SelectMany(n => n.Need.Requirements.CustomNodes ?? [])).Distinct(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. models.Order(StringComparer.OrdinalIgnoreCase).Select(m => View(
                "model", m, "models", w => w.Match.Capabilities.Models?.Values.SelectMany(v => v) ?? [], n => n.Requirements.Models ?? [])),
            .. nodes.Order(StringComparer.OrdinalIgnoreCase).Select(c => View(
                "custom_node", c, "custom_nodes", w => w.Match.Capabilities.CustomNodes ?? [], n => n.Requirements.CustomNodes ?? [])),
        ];

        ModelView View(string kind, string name, string clause, Func<KnownWorker, IEnumerable<string>> has, Func<JobNeed, IEnumerable<string>> asks)
        {
            var asking = needs.Where(n => asks(n.Need).Contains(name, StringComparer.OrdinalIgnoreCase)).ToList();
            return new(
                kind, name,
                [.. workers.Where(w => has(w).Contains(name, StringComparer.OrdinalIgnoreCase)).Select(w => w.WorkerId).Order(StringComparer.Ordinal)],
                [.. workers.Where(w => w.Body?.LoadedModels.Contains(name, StringComparer.OrdinalIgnoreCase) == true).Select(w => w.WorkerId).Order(StringComparer.Ordinal)],
                asking.Sum(n => n.Jobs),
                asking.Where(n => !workers.Any(w => w.Claims(n.Need.Service) && Matcher.Failures(n.Need, w.Match).All(f => f.Clause != clause))).Sum(n => n.Jobs));
        }
    }

    /// <summary>Such as <c>comfyui gpu_memory_gb=24 labels=fast</c>: what decides which machine is to be rented.</summary>
    private static string ClassOf(JobNeed need, IReadOnlyList<string> queueLabels)
    {
        List<string> labels = [.. queueLabels.Union(need.Requirements.Labels ?? [], StringComparer.OrdinalIgnoreCase)];
        var hardware = need.Requirements.Hardware;
        var memory = need.DeviceMb * 1048576.0 / 1e9;
        return string.Join(' ', ((string?[])[
            need.Service,
            memory > 0 ? string.Create(CultureInfo.InvariantCulture, $"gpu_memory_gb={Math.Ceiling(memory - 0.05):0}") : null,
            hardware?.GpuCount is { } count ? $"gpu_count={count}" : null,
            hardware?.GpuModel is { } model ? $"gpu_model={model}" : null,
            hardware?.GpuArchitecture is { } architecture ? $"gpu_architecture={architecture}" : null,
            need.Requirements.Region is { } region ? $"region={region}" : null,
            need.Requirements.RuntimeClass is { } runtime ? $"runtime_class={runtime}" : null,
            labels.Count > 0 ? $"labels={string.Join(',', labels)}" : null,
        ]).Where(p => p is not null));
    }
}

using System.Globalization;
using System.Text;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary>The grid's figures in Prometheus' text format 0.0.4; durations in seconds, as is the custom there.</summary>
internal static class PrometheusText
{
    private const double Megabyte = 1 << 20;

    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Of(
        GridMetrics metrics, IReadOnlyList<WorkerView> workers, IReadOnlyList<QueueSummary> queues, IReadOnlyList<DemandView> demand,
        IReadOnlyList<SubscriptionView> subscriptions)
    {
        var breakers = OpenBreakers.Of(workers);
        var text = new StringBuilder(2048);
        Add(text, "jobgrid_queue_depth", "gauge", "Jobs ready to be claimed.", metrics.QueueDepth);
        Add(text, "jobgrid_jobs_running", "gauge", "Jobs held by a worker.", metrics.Running);
        Add(text, "jobgrid_jobs_retrying", "gauge", "Jobs waiting for their backoff to end.", metrics.Retrying);
        Add(text, "jobgrid_jobs_reconciling", "gauge", "Jobs whose owner is lost, and whose service is asked what became of them.", metrics.Reconciling);
        Add(text, "jobgrid_jobs_paused", "gauge", "Jobs stopped by request until they are resumed.", metrics.Paused);
        Add(text, "jobgrid_jobs_completed_total", "counter", "Jobs completed since the store was made.", metrics.Completed);
        Add(text, "jobgrid_jobs_failed_total", "counter", "Jobs failed for good since the store was made.", metrics.Failed);
        Add(text, "jobgrid_jobs_cancelled_total", "counter", "Jobs cancelled since the store was made.", metrics.Cancelled);
        Add(text, "jobgrid_jobs_timed_out_total", "counter", "Jobs ended by a time limit since the store was made.", metrics.TimedOut);
        Add(text, "jobgrid_dead_letters", "gauge", "Failed jobs whose record is still kept.", metrics.DeadLetters);
        Add(text, "jobgrid_workers", "gauge", "Workers with a live session.", metrics.Workers);
        Add(text, "jobgrid_oldest_queued_seconds", "gauge", "Age of the oldest job that waits for a worker.", metrics.OldestQueuedSeconds);
        Add(text, "jobgrid_processing_avg_seconds", "gauge", "Mean time from start to completion.", metrics.AvgProcessingMs / 1000);
        Add(text, "jobgrid_processing_p95_seconds", "gauge", "Upper bound of the 95th percentile of the time from start to completion.", metrics.P95ProcessingMs / 1000);
        Describe(text, "jobgrid_open_breakers", "gauge", "Workers whose breaker for this service instance is open.");
        foreach (var breaker in breakers)
            text.Append("jobgrid_open_breakers{instance=\"").Append(Escaped(breaker.Instance)).Append("\",service=\"").Append(Escaped(breaker.Service))
                .Append("\"} ").Append(breaker.Workers.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Series(text, "jobgrid_queue_jobs", "Jobs of the queue that are ready to be claimed.", queues, QueueOf, q => q.Depth);
        Series(text, "jobgrid_queue_paused", "1 where the queue is paused and gives out no jobs, else 0.", queues, QueueOf, q => q.Pause is null ? 0 : 1);
        Series(text, "jobgrid_demand_jobs", "Jobs that wait in queues that are not paused, by capability class.", demand, ClassOf, d => d.Jobs);
        Series(text, "jobgrid_demand_paused_jobs", "Jobs that wait in queues that are paused, by capability class.", demand, ClassOf, d => d.PausedJobs);
        Series(text, "jobgrid_demand_work_seconds", "Work that waits, in seconds of one slot.", demand, ClassOf, d => d.WorkSeconds);
        Series(text, "jobgrid_demand_oldest_seconds", "Age of the oldest job of the class that waits.", demand, ClassOf, d => d.OldestSeconds);
        Series(text, "jobgrid_demand_workers", "Live workers that can serve the class.", demand, ClassOf, d => d.Workers);
        Series(text, "jobgrid_demand_wanted_workers", "Workers that would start all of it within the target wait.", demand, ClassOf, d => d.WantedWorkers);
        Series(text, "jobgrid_subscription_lag_seconds", "How long the oldest event that the subscription has not got has been waiting.", subscriptions, NameOf, s => s.LagMs / 1000.0);
        Series(text, "jobgrid_subscription_pending", "Writes with events that lie before the subscription.", subscriptions, NameOf, s => s.Pending);
        Series(text, "jobgrid_subscription_dead_letters", "Writes with events that could not be delivered to the subscription.", subscriptions, NameOf, s => s.DeadLetters);
        // Of a lost worker there is only what it said last, which a graph would show as if it were so now.
        var told = workers.Where(w => w is { Gpu: not null, State: not "lost" }).ToList();
        Series(text, "jobgrid_worker_gpu_gone", "1 where the worker's GPU is gone and it claims nothing, else 0.", told, GpuOf, w => w.Gpu!.Gone ? 1 : 0);
        var gpus = told.Where(w => w.Gpu!.Fault is null).ToList();
        Series(text, "jobgrid_worker_gpu_memory_total_bytes", "Memory of the worker's GPU.", gpus, GpuOf, w => w.Gpu!.MemoryTotalMb * Megabyte);
        Series(text, "jobgrid_worker_gpu_memory_free_bytes", "Free memory of the worker's GPU.", gpus, GpuOf, w => w.Gpu!.MemoryFreeMb * Megabyte);
        Series(text, "jobgrid_worker_gpu_utilization_ratio", "Utilization of the worker's GPU, 0 to 1.", gpus.Where(w => w.Gpu!.UtilizationPercent is not null), GpuOf, w => w.Gpu!.UtilizationPercent!.Value / 100.0);
        Series(text, "jobgrid_worker_gpu_temperature_celsius", "Temperature of the worker's GPU.", gpus.Where(w => w.Gpu!.TemperatureCelsius is not null), GpuOf, w => w.Gpu!.TemperatureCelsius!.Value);
        Series(text, "jobgrid_worker_model_loads_total", "Models that the worker's services loaded in its session.", workers.Where(w => w.SessionId.Length > 0), WorkerOf, w => w.ModelLoads, "counter");
        return text.ToString();
    }

    private static string ClassOf(DemandView demand) => $"class=\"{Escaped(demand.Class)}\"";

    private static string QueueOf(QueueSummary queue) => $"queue=\"{Escaped(queue.Name)}\"";

    private static string NameOf(SubscriptionView subscription) => $"subscription=\"{Escaped(subscription.Name)}\"";

    private static string WorkerOf(WorkerView worker) => $"worker=\"{Escaped(worker.WorkerId)}\"";

    private static string GpuOf(WorkerView worker) => $"{WorkerOf(worker)},gpu=\"{Escaped(worker.Gpu!.Uuid)}\"";

    private static void Series<T>(StringBuilder text, string name, string help, IEnumerable<T> items, Func<T, string> labels, Func<T, double> value, string type = "gauge")
    {
        Describe(text, name, type, help);
        foreach (var item in items)
            text.Append(name).Append('{').Append(labels(item)).Append("} ").Append(value(item).ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static StringBuilder Describe(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static string Escaped(string label) =>
        label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static void Add(StringBuilder text, string name, string type, string help, double value) =>
        Describe(text, name, type, help)
            .Append(name).Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
}

using System.Globalization;
using System.Text;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary>The grid's figures in Prometheus' text format 0.0.4; durations in seconds, as is the custom there.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Of(GridMetrics metrics, IReadOnlyList<OpenBreakers> breakers)
    {
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
        return text.ToString();
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

using System.Text.Json;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary>A job for a person.</summary>
internal static class JobText
{
    public static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'") ?? "";

    public static string Percent(double? progress) => progress is { } p ? $"{(int)p} %" : "";

    public static string Status(Job job) => job.Unworkable == true ? $"{job.Status} (unworkable)" : job.Status;

    /// <summary>Everything that is known of a job, one fact a line.</summary>
    public static void Write(TextWriter output, Job job)
    {
        Fact("job", job.Id);
        Fact("status", Status(job));
        Fact("why", job.UnworkableReason ?? job.HeldReason);
        Fact("service", job.ServiceRequired);
        Fact("queue", job.QueuePosition is { } place ? $"{job.Queue}, place {place}" : job.Queue);
        Fact("priority", job.Priority?.ToString());
        Fact("attempt", job.Attempt.ToString());
        Fact("worker", job.WorkerId);
        Fact("progress", Percent(job.Progress));
        Fact("created", Time(job.CreatedAt));
        Fact("started", Time(job.StartedAt));
        Fact("completed", Time(job.CompletedAt));
        Fact("failed", Time(job.FailedAt));
        Fact("error", job.ErrorMessage);
        if (job.Result is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } result)
            Fact("result", result.GetRawText());
        foreach (var failure in job.Failures ?? [])
            Fact($"failure {failure.Attempt}", $"{failure.FailureType}/{failure.FailureReason} on {failure.WorkerId}: {failure.Message}");
        foreach (var file in job.Outputs ?? [])
            Fact("output", $"{file.Name} ({file.Size} bytes, {file.Artefact})");

        void Fact(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                output.WriteLine($"{name + ":",-11} {Printable.Of(value)}");
        }
    }
}

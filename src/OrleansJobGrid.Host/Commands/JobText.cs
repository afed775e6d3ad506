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

    /// <summary>A failure in the taxonomy, <c>type/reason</c>.</summary>
    public static string? Kind(string? type, string? reason) => string.IsNullOrEmpty(reason) ? type : $"{type}/{reason}";

    /// <summary>An audit log, an event a line.</summary>
    public static void Write(TextWriter output, IReadOnlyList<JobEvent> events)
    {
        var table = new TextTable("#", "AT", "TYPE", "FROM", "TO", "ATTEMPT", "EPOCH", "WORKER", "REASON");
        foreach (var e in events)
            table.Add(e.Sequence.ToString(), e.At?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'"), e.Type, e.From, e.To,
                e.Attempt?.ToString(), e.Epoch?.ToString(), e.WorkerId, Reason(e));
        table.Write(output);
    }

    /// <summary>Everything that is known of a job, one fact a line.</summary>
    public static void Write(TextWriter output, Job job)
    {
        Fact("job", job.Id);
        Fact("status", Status(job));
        Fact("requested", job.CancelRequested == true ? "cancel, not confirmed by its worker yet" : job.PauseRequested == true ? "pause, not confirmed by its worker yet" : null);
        Fact("why", job.UnworkableReason);
        Fact("held", job.HeldReason is { } held ? $"{held} ('jobgrid resolve {job.Id} completed|requeue|fail' ends this)" : null);
        foreach (var post in job.Submissions ?? [])
            Fact("submitted", $"{post.Instance} as {post.ExternalId} (epoch {post.Epoch}, post {post.N}) at {Time(post.At)}");
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
        Fact("rescues", job.Rescues is > 0 and var rescues ? rescues.ToString() : null);
        Fact("error", job.ErrorMessage);
        Fact("end", job.EndReason);
        Fact("fingerprint", job.Fingerprint);
        if (job.Result is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } result)
            Fact("result", result.GetRawText());
        foreach (var failure in job.Failures ?? [])
            Fact($"failure {failure.Attempt}", $"{Of(failure.FailureClass)}{Kind(failure.FailureType, failure.FailureReason)} on {failure.WorkerId} at {Time(failure.At)}: {failure.Message}");
        foreach (var file in job.Outputs ?? [])
            Fact("output", $"{file.Name} ({file.Size} bytes, {file.Artefact})");

        void Fact(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                output.WriteLine($"{name + ":",-11} {Printable.Of(value)}");
        }

        static string Of(string? failureClass) => string.IsNullOrEmpty(failureClass) ? "" : failureClass + ", ";
    }

    /// <summary>Why, and how it failed where the reason does not tell.</summary>
    private static string? Reason(JobEvent e) => e.Failure is not { } failure
        ? e.Reason
        : $"{(e.Reason is { } reason && !reason.Contains(failure.Message ?? "", StringComparison.Ordinal) ? reason + "; " : "")}"
            + $"{failure.FailureClass}, {Kind(failure.FailureType, failure.FailureReason)}{(failure.Instance is { } at ? " at " + at : "")}: {failure.Message}";
}

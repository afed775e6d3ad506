using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.Host.JobFiles;

/// <summary>What can be checked of a job before anything is sent, so that a file is refused whole. The grid checks all again.</summary>
internal static partial class JobFields
{
    public static bool Check(JobSubmission job, Action<string, string> error)
    {
        var fine = true;
        Unless(!string.IsNullOrWhiteSpace(job.ServiceRequired), "service_required", "is empty; name the service that does the job");
        Unless(job.Id is null || Id().IsMatch(job.Id), "id", "takes 1 to 128 of A-Z, a-z, 0-9, '.', '_', ':', '-'");
        Unless(job.Priority is null or (>= 0 and <= 100), "priority", $"is {job.Priority}; it goes from 0 to 100, higher first");
        Unless(job.WorkflowPriority is null or (>= 0 and <= 100), "workflow_priority", $"is {job.WorkflowPriority}; it goes from 0 to 100");
        Unless(job.MaxRetries is null or >= 0, "max_retries", $"is {job.MaxRetries}; it is 0 or more");
        Unless(job.Payload is null or JsonObject, "payload", "must be an object");
        Unless(job.Requirements is null or JsonObject, "requirements", "must be an object");
        Unless(job.OnUnknown is null or "fail" or "rerun", "on_unknown", $"is '{job.OnUnknown}'; it is \"fail\" or \"rerun\"");
        Unless(job.TimeoutMinutes is null || job.TimeoutSeconds is null, "timeout_minutes", "stands beside timeout_seconds; give one of them");
        return fine;

        void Unless(bool holds, string field, string complaint)
        {
            if (holds)
                return;
            fine = false;
            error(field, complaint);
        }
    }

    [GeneratedRegex("^[A-Za-z0-9._:-]{1,128}$")]
    private static partial Regex Id();
}

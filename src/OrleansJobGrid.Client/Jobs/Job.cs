using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Client;

/// <summary>A job as the grid returns it. Times are UTC with milliseconds; what is null has not happened or was not given.</summary>
public sealed record Job
{
    /// <summary>The job's id.</summary>
    public required string Id { get; init; }

    /// <summary>One of <see cref="JobStatus"/>; a newer grid may know others.</summary>
    public required string Status { get; init; }

    /// <summary>The service that does it.</summary>
    public string? ServiceRequired { get; init; }

    /// <summary>Its queue.</summary>
    public string? Queue { get; init; }

    /// <summary>0 to 100, higher first.</summary>
    public int? Priority { get; init; }

    /// <summary>What it asks of its worker beside the service.</summary>
    public JsonElement? Requirements { get; init; }

    /// <summary>The submitter's word for the priority policy.</summary>
    public string? Urgency { get; init; }

    /// <summary>GPU memory that must be free for it since it ran out of less, MB; for a while only.</summary>
    public long? MemoryFloorMb { get; init; }

    /// <summary>Attempts that the job is answerable for, so far.</summary>
    public int Attempt { get; init; }

    /// <summary>Grants so far; rises with each.</summary>
    public long Epoch { get; init; }

    /// <summary>The worker that has it or had it last.</summary>
    public string? WorkerId { get; init; }

    /// <summary>0 to 100.</summary>
    public double? Progress { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it was granted to a worker last.</summary>
    public DateTimeOffset? AssignedAt { get; init; }

    /// <summary>When its last attempt started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When its completion was accepted.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When it failed for good.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>The result that the service gave, any JSON value.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Why it failed, for a person; a string, or an object with a <c>message</c>. See <see cref="ErrorMessage"/>.</summary>
    public JsonElement? Error { get; init; }

    /// <summary>One entry a failed attempt, oldest first.</summary>
    public IReadOnlyList<JobFailure>? Failures { get; init; }

    /// <summary>Place in its queue, from 1; only while pending.</summary>
    public long? QueuePosition { get; init; }

    /// <summary>Why nobody can say what became of it, while it is <c>reconciling</c>.</summary>
    public string? HeldReason { get; init; }

    /// <summary>Whether it is asked to pause, and its worker has not stopped yet.</summary>
    public bool? PauseRequested { get; init; }

    /// <summary>Whether it is asked to end, and its worker has not stopped yet.</summary>
    public bool? CancelRequested { get; init; }

    /// <summary>Posts of its work to services outside that are on record, oldest first.</summary>
    public IReadOnlyList<ServiceSubmission>? Submissions { get; init; }

    /// <summary>How often work that had begun was rescued from a worker that died.</summary>
    public int? Rescues { get; init; }

    /// <summary>Of a dead letter: equal for failures of the same kind.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Chunks that are done by its last checkpoint; null: it does not work in chunks.</summary>
    public int? CompletedChunks { get; init; }

    /// <summary>Its chunks in all.</summary>
    public int? TotalChunks { get; init; }

    /// <summary>The job whose checkpoint it began with.</summary>
    public string? ResumeJobId { get; init; }

    /// <summary>Longest time of an attempt without progress, seconds; null: the service's own.</summary>
    public double? StallTimeoutSeconds { get; init; }

    /// <summary>Why it ended as it did, where <see cref="Error"/> does not tell.</summary>
    public string? EndReason { get; init; }

    /// <summary>Files that it produced.</summary>
    public IReadOnlyList<JobOutputFile>? Outputs { get; init; }

    /// <summary>A pending job that no registered worker can do.</summary>
    public bool? Unworkable { get; init; }

    /// <summary>Why no worker can do it.</summary>
    public string? UnworkableReason { get; init; }

    /// <summary>All other fields, such as those of the submission, under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }

    /// <summary>Whether nothing will change any more, short of a retry by hand.</summary>
    [JsonIgnore]
    public bool IsFinal => JobStatus.IsFinal(Status);

    /// <summary><see cref="Error"/> as text: the string itself, the object's <c>message</c>, else its JSON; null where there is none.</summary>
    [JsonIgnore]
    public string? ErrorMessage => Error switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } error when error.TryGetProperty("message", out var message)
            && message.ValueKind == JsonValueKind.String => message.GetString(),
        { } other => other.GetRawText(),
    };
}

/// <summary>A failed attempt of a job.</summary>
/// <param name="Attempt">Its number, from 1.</param>
/// <param name="WorkerId">The worker that ran it.</param>
/// <param name="FailureType">Its type in the taxonomy, such as <c>resource_limit</c>.</param>
/// <param name="FailureReason">Its reason in the taxonomy, such as <c>gpu_memory_full</c>.</param>
/// <param name="Message">What went wrong, for a person.</param>
/// <param name="At">When.</param>
public sealed record JobFailure(
    int Attempt, string? WorkerId, string? FailureType, string? FailureReason, string? Message, DateTimeOffset? At)
{
    /// <summary>Class of the failure, which decided whether it was tried again, such as <c>transient</c>.</summary>
    public string? FailureClass { get; init; }

    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>A post of a job's work to a service outside, recorded before its first byte left.</summary>
/// <param name="Instance">The service instance.</param>
/// <param name="ExternalId">The mark by which the service knows the work.</param>
/// <param name="Epoch">The grant under which it was posted.</param>
/// <param name="N">Its number within that grant, from 1.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="BootMark">What the service said of its boot then.</param>
/// <param name="ServiceId">The service's own id of the work, where it has to be asked by that.</param>
public sealed record ServiceSubmission(string Instance, string ExternalId, long Epoch, int N, DateTimeOffset? At, string? BootMark, string? ServiceId = null)
{
    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>A file that a job produced.</summary>
/// <param name="Artefact">Its id, for <see cref="JobGridClient.DownloadAsync"/>.</param>
/// <param name="Name">Its file name, as the worker said; check it before using it as a path.</param>
/// <param name="Sha256">Hash of its bytes, lowercase hex.</param>
/// <param name="Size">Length in bytes.</param>
/// <param name="Url">Where it is read: an address from the gateway's root, or a signed one.</param>
public sealed record JobOutputFile(string Artefact, string Name, string? Sha256, long Size, string? Url = null);

/// <summary>An entry of a job's audit log.</summary>
/// <param name="Sequence">Number within the job, from 1.</param>
/// <param name="Type">What happened.</param>
/// <param name="At">When.</param>
/// <param name="From">The status before, where it changed.</param>
/// <param name="To">The status after.</param>
/// <param name="Attempt">The attempt then.</param>
/// <param name="Epoch">The epoch then.</param>
/// <param name="WorkerId">The worker concerned.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record JobEvent(
    long Sequence, string Type, DateTimeOffset? At, string? From, string? To, int? Attempt, long? Epoch, string? WorkerId, string? Reason)
{
    /// <summary>The report of a failed attempt.</summary>
    public FailureReport? Failure { get; init; }
}

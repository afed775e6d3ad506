namespace OrleansJobGrid.Connectors.Http;

/// <summary>What a service's words for states mean.</summary>
internal static class HttpStates
{
    private static readonly string[] Queued = ["queued", "pending", "starting"];
    private static readonly string[] Completed = ["completed", "succeeded", "success", "done", "ready", "finished"];
    private static readonly string[] Failed = ["failed", "error", "failure"];
    private static readonly string[] Cancelled = ["cancelled", "canceled", "aborted"];

    public static SubmissionState Of(string word, HttpStateOptions options)
    {
        bool Is(IList<string> given, string[] usual) => (given.Count > 0 ? given : usual).Contains(word, StringComparer.OrdinalIgnoreCase);
        return Is(options.Completed, Completed) ? SubmissionState.Completed
            : Is(options.Failed, Failed) ? SubmissionState.Failed
            : Is(options.Cancelled, Cancelled) ? SubmissionState.Cancelled
            : Is(options.Queued, Queued) ? SubmissionState.Queued
            : SubmissionState.Running;
    }
}

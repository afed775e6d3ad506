namespace OrleansJobGrid.TestService;

/// <summary>One execution; the same external id posted twice makes two.</summary>
internal sealed class Execution(JobRequest request) : IDisposable
{
    public JobRequest Request { get; } = request;

    /// <summary>The one of the same external id that was posted before.</summary>
    public Execution? Before { get; set; }

    public string State { get; set; } = "queued";

    public double Progress { get; set; }

    public JobError? Error { get; set; }

    public CancellationTokenSource Stop { get; } = new();

    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Live => State is "queued" or "running";

    public void Dispose() => Stop.Dispose();
}

namespace OrleansJobGrid.Connectors.Outside;

/// <summary>A job as a service outside has it.</summary>
internal interface IOutsideWork
{
    SubmissionState State { get; }

    /// <summary>0 to 100; null: it does not say.</summary>
    double? Progress { get; }

    /// <summary>For a person; null: it says nothing.</summary>
    string? Message { get; }

    /// <summary>How it failed, where it did.</summary>
    FailedResult? Failure { get; }

    bool IsLive => State is SubmissionState.Queued or SubmissionState.Running;
}

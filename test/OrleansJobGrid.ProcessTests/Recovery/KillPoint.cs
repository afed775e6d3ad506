namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>Where a job stood when the process that ran it was killed.</summary>
public enum KillPoint
{
    /// <summary>Granted; the service is being asked for its health, no submission is on record.</summary>
    BeforeSubmission,

    /// <summary>The submission is on record, its post came to the service and was lost.</summary>
    PostLost,

    /// <summary>The same, and the post is taken when its job has been given to another worker and posted by it: on the wire at the kill.</summary>
    PostLandsLate,

    /// <summary>The post was taken, its answer was not given.</summary>
    AnswerHeld,

    /// <summary>The work runs, and runs on.</summary>
    Running,

    /// <summary>The work is completed, the worker has not been told.</summary>
    CompletedUntold,

    /// <summary>The worker knows that it is completed and has the outputs: its report is on its way.</summary>
    ReportInFlight,
}

namespace OrleansJobGrid.Connectors.Outside;

/// <summary>The service answered clearly that it does not do this.</summary>
internal sealed class OutsideRefusedException(FailedResult failure) : Exception(failure.Message)
{
    public FailedResult Failure { get; } = failure;
}

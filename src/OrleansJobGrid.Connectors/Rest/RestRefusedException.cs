namespace OrleansJobGrid.Connectors.Rest;

/// <summary>The service answered clearly that it does not do this.</summary>
internal sealed class RestRefusedException(FailedResult failure) : Exception(failure.Message)
{
    public FailedResult Failure { get; } = failure;
}

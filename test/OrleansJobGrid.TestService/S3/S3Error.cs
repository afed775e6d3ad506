namespace OrleansJobGrid.TestService.S3;

/// <summary>A refusal, with the protocol's own code.</summary>
internal sealed class S3Error(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;
}

/// <summary>The connection is to break here.</summary>
internal sealed class S3Cut : Exception;

namespace OrleansJobGrid.TestService.S3;

/// <summary>A request as a test sees it.</summary>
/// <param name="Operation">As the protocol names it, such as <c>PutObject</c>.</param>
/// <param name="Key">The object's key; empty: the bucket itself.</param>
/// <param name="Headers">Its headers.</param>
public sealed record S3Call(string Operation, string Key, IHeaderDictionary Headers);

/// <summary>What goes wrong with a request.</summary>
public abstract record S3Fault
{
    private S3Fault()
    {
    }

    /// <summary>It is refused before it is looked at.</summary>
    public sealed record Refused(int Status, string Code, string Message) : S3Fault;

    /// <summary>The connection breaks after so many bytes of its body, or of the answer's, and then not before the given event.</summary>
    public sealed record Cut(int AfterBytes, Task? Until = null) : S3Fault;

    /// <summary>It is done, and its answer never arrives.</summary>
    public sealed record AnswerLost : S3Fault;

    public static S3Fault SlowDown { get; } = new Refused(503, "SlowDown", "Please reduce your request rate.");

    public static S3Fault AccessDenied { get; } = new Refused(403, "AccessDenied", "Access Denied");
}

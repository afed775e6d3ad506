using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Failures;

/// <summary>Asks the built-in rules about what a service really said.</summary>
public abstract class ClassifierTestBase
{
    private protected static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>An HTTP answer, body as it was sent.</summary>
    private protected static void Answered(int status, string body, FailureClass failureClass, string reason, string? stage = null) =>
        Check(FailureEvidence.OfHttp(status, body, null, Now, stage), failureClass, reason);

    /// <summary>An exception that the service tells of: its type (null: not told) and message.</summary>
    private protected static void Told(string? exceptionType, string message, FailureClass failureClass, string reason) =>
        Check(new() { ExceptionType = exceptionType, Message = message }, failureClass, reason);

    private protected static void Check(FailureEvidence evidence, FailureClass failureClass, string reason)
    {
        var verdict = FailureClassifier.Default.Classify(evidence);
        Assert.True((failureClass, reason) == (verdict.Class, verdict.Reason),
            $"Expected {failureClass}/{reason}, rule '{verdict.Rule}' said {verdict.Class}/{verdict.Reason} of: {evidence.ServiceErrorType} | {evidence.ExceptionType} | {evidence.Message}");
        Assert.Equal(FailureReason.Find(reason)!.Value.Type, verdict.Type);
    }
}

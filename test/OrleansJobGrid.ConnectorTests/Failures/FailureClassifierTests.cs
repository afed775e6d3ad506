using CsCheck;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Failures;

public sealed class FailureClassifierTests
{
    private static FailureVerdict Judge(FailureEvidence evidence) => FailureClassifier.Default.Classify(evidence);

    [Fact]
    public void Classify_OfWhatNobodyKnows_IsTransientSystemErrorUnknownError() =>
        Assert.Equal(new(FailureClass.Transient, "system_error", "unknown_error", "none"), Judge(new() { Message = "odd" }));

    [Fact]
    public void Classify_WithAHintOfTheConnector_FollowsItAgainstEveryRule()
    {
        var evidence = new FailureEvidence { Message = "CUDA out of memory", HttpStatus = 401, KnownClass = FailureClass.Malformed, KnownReason = "invalid_workflow" };
        Assert.Equal(new(FailureClass.Malformed, "validation_error", "invalid_workflow", "hint"), Judge(evidence));
    }

    [Theory]
    [InlineData(null, null, "gpu_memory_full", FailureClass.ResourceExhaustion, "resource_limit", "gpu_memory_full")]
    [InlineData(null, "network_error", null, FailureClass.Transient, "network_error", "connection_lost")]
    [InlineData(FailureClass.Unauthorized, null, null, FailureClass.Unauthorized, "auth_error", "invalid_credentials")]
    [InlineData(FailureClass.MissingHere, null, null, FailureClass.MissingHere, "validation_error", "model_not_found")]
    [InlineData(FailureClass.Transient, null, "guard_died", FailureClass.Transient, "system_error", "guard_died")]
    [InlineData(FailureClass.Refused, "auth_error", "command_not_allowed", FailureClass.Refused, "auth_error", "command_not_allowed")]
    [InlineData(FailureClass.Transient, null, "gpu_memory_full", FailureClass.Transient, "resource_limit", "gpu_memory_full")]
    public void Classify_WithPartOfAHint_FillsInTheRest(
        FailureClass? knownClass, string? knownType, string? knownReason, FailureClass failureClass, string type, string reason) =>
        Assert.Equal(new(failureClass, type, reason, "hint"),
            Judge(new() { Message = "odd", KnownClass = knownClass, KnownType = knownType, KnownReason = knownReason }));

    [Fact]
    public void Classify_WithAClassAlone_TakesTheReasonOfARuleThatAgrees() =>
        Assert.Equal(new(FailureClass.ResourceExhaustion, "resource_limit", "disk_space_full", "hint"),
            Judge(new() { Message = "No space left on device", KnownClass = FailureClass.ResourceExhaustion }));

    [Fact]
    public void Classify_WithATypeThatDoesNotExist_NamesIt() =>
        Assert.Contains("'oops'", Assert.Throws<ArgumentException>(() => Judge(new() { Message = "", KnownType = "oops" })).Message, StringComparison.Ordinal);

    [Fact]
    public void Classify_ReadsBothEndsOfAVeryLongMessage()
    {
        var middle = new string('x', 1_000_000);
        Assert.Equal("gpu_memory_full", Judge(new() { Message = "CUDA out of memory" + middle }).Reason);
        Assert.Equal("gpu_memory_full", Judge(new() { Message = middle + " CUDA out of memory" }).Reason);
        Assert.Equal("unknown_error", Judge(new() { Message = middle + " CUDA out of memory " + middle }).Reason);
    }

    [Fact]
    public void Classify_OfAnyText_GivesAVerdictOfTheTaxonomy() =>
        Gen.Select(Gen.String, Gen.Int[-1, 700], Gen.String.Null(), Gen.String.Null()).Sample((message, status, type, exception) =>
        {
            var verdict = Judge(new() { Message = message, HttpStatus = status, ServiceErrorType = type, ExceptionType = exception });
            Assert.True(FailureType.Exists(verdict.Type) && FailureReason.Exists(verdict.Reason) && Enum.IsDefined(verdict.Class));
        });

    [Fact]
    public void Read_OfAnyBody_NeverThrows() =>
        Gen.OneOf(Gen.String, Gen.String.Select(s => "{" + s), Gen.Char["{}[]\":,<>/ae1 "].Array[0, 60].Select(c => new string(c))).Sample(body => { Assert.NotNull(ServiceErrorBody.Read(body).Message); });

    [Fact]
    public void TheRules_HaveNamesOfTheirOwn_AndSayReasonsOfTheirTypes()
    {
        Assert.Equal(DefaultFailureRules.All.Count, DefaultFailureRules.All.Select(r => r.Name).Distinct().Count());
        Assert.All(DefaultFailureRules.All, r => Assert.Matches("^[a-z0-9_]+$", r.Name));
        Assert.Equal(10, FailureType.All.Count());
    }

    [Fact]
    public void TheClasses_HaveTheNamesThatTheyAreReadBy() =>
        Assert.All(Enum.GetValues<FailureClass>(), c => Assert.True(FailureClassName.TryRead(FailureClassName.Of(c), out var read) && read == c));
}

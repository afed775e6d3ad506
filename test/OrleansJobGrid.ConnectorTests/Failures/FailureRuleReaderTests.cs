using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Failures;

public sealed class FailureRuleReaderTests
{
    private static IReadOnlyList<FailureRule> Read(out IReadOnlyList<string> errors, params FailureRuleOptions[] rules)
    {
        var options = new FailureOptions();
        foreach (var rule in rules)
            options.Rules.Add(rule);
        return FailureRuleReader.Read(options, out errors);
    }

    private static FailureVerdict Judge(FailureRuleOptions rule, FailureEvidence evidence)
    {
        var rules = Read(out var errors, rule);
        Assert.Empty(errors);
        return new FailureClassifier(rules).Classify(evidence);
    }

    [Fact]
    public void AConfiguredRule_ComesBeforeTheBuiltInOnes()
    {
        var rule = new FailureRuleOptions { Name = "our_proxy", Status = "500-599", Message = "upstream is DRAINING", Reason = "service_overloaded", Class = "rate_limited" };
        Assert.Equal(new(FailureClass.RateLimited, "service_error", "service_overloaded", "our_proxy"),
            Judge(rule, new() { Message = "Upstream is draining", HttpStatus = 503 }));
        Assert.Equal("status_503", Judge(rule, new() { Message = "other", HttpStatus = 503 }).Rule);
        Assert.Equal("none", Judge(rule, new() { Message = "Upstream is draining", HttpStatus = 200 }).Rule);
        Assert.Equal("none", Judge(rule, new() { Message = "Upstream is draining" }).Rule);
    }

    [Fact]
    public void EveryCondition_MustHold()
    {
        var rule = new FailureRuleOptions { ExceptionType = "Sampler", ServiceErrorType = "bad worse", Stage = "run", Message = "odd", Status = "500", Reason = "gpu_error", Type = "system_error" };
        var all = new FailureEvidence { ExceptionType = "my.SamplerError", ServiceErrorType = "x WORSE", Stage = "run", Message = "so odd", HttpStatus = 500 };
        Assert.Equal(new(FailureClass.Transient, "system_error", "gpu_error", "rule_0"), Judge(rule, all));
        FailureEvidence[] others =
        [
            all with { ExceptionType = "other" }, all with { ExceptionType = null }, all with { ServiceErrorType = "worst" }, all with { ServiceErrorType = null },
            all with { Stage = "submit" }, all with { Stage = null }, all with { Message = "even" }, all with { HttpStatus = 501 }, all with { HttpStatus = null },
        ];
        Assert.All(others, e => Assert.NotEqual("rule_0", Judge(rule, e).Rule));
    }

    [Fact]
    public void EveryError_NamesPlaceFieldAndMend_AllAtOnce()
    {
        var rules = Read(out var errors,
            new() { Message = "fine", Reason = "gpu_error" },
            new() { Message = "(", Status = "9-8", Class = "sometimes", Type = "odd", Reason = "because" },
            new() { Reason = "gpu_error" },
            new() { Message = "(?<=a)b", ExceptionType = "[", Status = "600" });

        Assert.Single(rules);
        string[] expected =
        [
            "JobGrid:Failures:Rules:1:Message is no regular expression: ", "JobGrid:Failures:Rules:1:Status is '9-8': use a status",
            "JobGrid:Failures:Rules:1:Class is 'sometimes': use one of malformed, ", "JobGrid:Failures:Rules:1:Type is 'odd', which the taxonomy does not have: use one of auth_error, ",
            "JobGrid:Failures:Rules:1:Reason is 'because', which the taxonomy does not have: use one of adult_content, ", "JobGrid:Failures:Rules:2 has no condition",
            "JobGrid:Failures:Rules:3:Message '(?<=a)b' looks ahead, looks behind", "JobGrid:Failures:Rules:3:ExceptionType is no regular expression",
            "JobGrid:Failures:Rules:3:Status is '600'", "JobGrid:Failures:Rules:3:Reason is missing: name one of ",
        ];
        Assert.Equal(expected.Length, errors.Count);
        Assert.All(expected, e => Assert.Contains(errors, error => error.StartsWith(e, StringComparison.Ordinal)));
    }
}

using System.Text;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Workers.Execution;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers;

public sealed class FailureReportingTests
{
    private static readonly FailureReporting Reporting = new(FailureClassifier.Default);

    private static FailedResult Failed(FailureEvidence evidence) => Assert.IsType<FailedResult>(ConnectorResult.Failed(evidence));

    [Fact]
    public void Of_AFailure_TellsAllThatIsKnown()
    {
        var report = Reporting.Of(Failed(new()
        {
            Message = "CUDA out of memory",
            HttpStatus = 500,
            ExceptionType = "torch.OutOfMemoryError",
            Stack = "File x",
            Stage = "run",
            RetryAfter = TimeSpan.FromSeconds(7),
            ServiceErrorType = "execution_error",
            Instance = "comfyui/a",
            GpuMemoryUsedMb = 7_000,
            GpuMemoryTotalMb = 8_000,
            SystemMemoryUsedMb = 1,
            SystemMemoryTotalMb = 2,
            ModelLoaded = "sd.safetensors",
            EstimatedSizeMb = 6_000,
            Hints = new Dictionary<string, string> { ["node"] = "3" },
        }), 42);

        Assert.Equal(("resource_exhaustion", "resource_limit", "gpu_memory_full"), (report.FailureClass, report.FailureType, report.FailureReason));
        Assert.Equal(("CUDA out of memory", 7_000L, 42L, 500), (report.Message, report.RetryAfterMs, report.DurationMs, report.ExternalStatus));
        Assert.Equal(("torch.OutOfMemoryError", "File x", "run", "comfyui/a"), (report.ExceptionType, report.Stack, report.Stage, report.Instance));
        Assert.Equal((7_000L, 8_000L, 1L, 2L), (report.GpuMemoryUsedMb, report.GpuMemoryTotalMb, report.SystemMemoryUsedMb, report.SystemMemoryTotalMb));
        Assert.Equal(("sd.safetensors", 6_000L), (report.ModelLoaded, report.EstimatedSizeMb));
        Assert.Equal(("3", "execution_error", "gpu_out_of_memory_type"), (report.Hints["node"], report.Hints["service_error_type"], report.Hints["rule"]));
    }

    [Fact]
    public void Of_AnEscapedException_TellsItsTypeStackAndMeaning_AndTheMachinesMemory()
    {
        Exception thrown;
        try
        {
            throw new IOException("No space left on device : '/tmp/a'");
        }
        catch (IOException e)
        {
            thrown = e;
        }
        var report = Reporting.Of(FailureReporting.Escaped(thrown), 5);

        Assert.Equal(("resource_exhaustion", "disk_space_full"), (report.FailureClass, report.FailureReason));
        Assert.Equal(("System.IO.IOException", "run", "IOException: No space left on device : '/tmp/a'"), (report.ExceptionType, report.Stage, report.Message));
        Assert.Contains(nameof(Of_AnEscapedException_TellsItsTypeStackAndMeaning_AndTheMachinesMemory), report.Stack!, StringComparison.Ordinal);
        Assert.InRange(report.SystemMemoryUsedMb!.Value, 1, report.SystemMemoryTotalMb!.Value);
    }

    [Fact]
    public void Of_AMissingArtefact_IsAMalformedJob_AndSaysWhatToDo()
    {
        var report = Reporting.Of(FailureReporting.Missing(new ArtefactMissingException("a-1")));
        Assert.Equal(("malformed", "validation_error", "input_missing"), (report.FailureClass, report.FailureType, report.FailureReason));
        Assert.StartsWith("There is no artefact 'a-1'", report.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ConfiguredRules_JudgesByThem()
    {
        var options = new FailureOptions();
        options.Rules.Add(new() { Message = "widget", Reason = "gpu_error" });
        options.Rules.Add(new() { Message = "gadget", Reason = "invalid_payload" });
        var reporting = new FailureReporting(new(FailureRuleReader.Read(options, out _)));
        Assert.Equal("gpu_error", reporting.Of(Failed(new() { Message = "The widget broke" })).FailureReason);
        var judged = Assert.IsType<FailedResult>(reporting.Judged(Failed(new() { Message = "The gadget broke", HttpStatus = 503 })));
        Assert.Equal((FailureClass.Malformed, "invalid_payload"), (judged.Class, judged.Reason));
        var done = ConnectorResult.Completed(null);
        Assert.Same(done, reporting.Judged(done));
    }

    [Fact]
    public void Of_AFailureThatNamesNoInstance_TakesTheAttempts()
    {
        Assert.Equal("comfyui/a", Reporting.Of(Failed(new() { Message = "" }), 0, "comfyui/a").Instance);
        Assert.Equal("comfyui/b", Reporting.Of(Failed(new() { Message = "", Instance = "comfyui/b" }), 0, "comfyui/a").Instance);
    }

    [Fact]
    public void Of_MoreThanARecordShouldHold_IsCut()
    {
        var long9000 = new string('é', 9_000);
        var report = Reporting.Of(Failed(new()
        {
            Message = long9000,
            Stack = "begin" + long9000 + "end",
            Hints = Enumerable.Range(0, 100).ToDictionary(i => $"h{i}", _ => long9000),
        }), 0);
        Assert.InRange(report.Message.Length, 4_000, 4_010);
        Assert.InRange(Encoding.UTF8.GetByteCount(report.Stack!), 8_000, 8_192);
        Assert.StartsWith("begin", report.Stack, StringComparison.Ordinal);
        Assert.EndsWith("end", report.Stack, StringComparison.Ordinal);
        Assert.DoesNotContain("\uFFFD", report.Stack, StringComparison.Ordinal);
        Assert.InRange(report.Hints.Sum(h => h.Value.Length), 1, 20_000);
    }

    [Fact]
    public void TheClassesOfConnectors_HaveTheNamesOfTheContract()
    {
        string[] contract =
        [
            FailureClasses.Transient, FailureClasses.ResourceExhaustion, FailureClasses.Malformed, FailureClasses.Refused, FailureClasses.Unauthorized,
            FailureClasses.RateLimited, FailureClasses.MissingHere,
        ];
        Assert.Equal(contract, Enum.GetValues<FailureClass>().Select(FailureClassName.Of));
    }

    [Fact]
    public void Parse_OfTheKernelsFile_SaysUsedAndTotal()
    {
        Assert.Equal((6_000L, 16_000L), MachineMemory.Parse(["MemTotal:       16384000 kB", "MemFree:  1 kB", "MemAvailable:   10240000 kB"]));
        Assert.Null(MachineMemory.Parse(["MemTotal:       16384000 kB"]));
        Assert.Null(MachineMemory.Parse(["MemTotal: much kB", "MemAvailable: 1 kB"]));
    }

    [Fact]
    public void A_key_that_a_service_repeats_is_told_nowhere()
    {
        var reporting = new FailureReporting(FailureClassifier.Default, [new FakeConnector { Secrets = ["sk-0123456789", "sk-0123456789-more", "short"] }]);
        var failed = new FailedResult(new()
        {
            Message = "invalid key sk-0123456789-more, short",
            Stack = "at sk-0123456789",
            ServiceLog = "got sk-0123456789",
            Hints = new Dictionary<string, string> { ["key"] = "sk-0123456789" },
            HttpStatus = 401,
        });
        var report = reporting.Of(failed);
        Assert.Equal("invalid key ***, short", report.Message);
        Assert.Equal(("at ***", "got ***", "***"), (report.Stack, report.ServiceLog, report.Hints["key"]));
        Assert.Equal("invalid key ***, short", Assert.IsType<FailedResult>(reporting.Judged(failed)).Message);
    }
}

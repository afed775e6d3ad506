using System.Text;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Makes a report of a failure: what it means, by the rules of this worker, and what was known at that moment.</summary>
/// <param name="classifier">The rules.</param>
/// <param name="connectors">Their secrets are taken out of what failures say; null: there are none.</param>
internal sealed class FailureReporting(FailureClassifier classifier, IEnumerable<IConnector>? connectors = null)
{
    private const int ShortestSecret = 8;
    private const int MessageCharacters = 4_000;
    private const int StackBytes = 8 << 10;
    private const int NameCharacters = 300;
    private const int HintCharacters = 500;
    private const int HintCount = 32;
    private const int LogCharacters = 16 << 10;

    // The longest first: one may be a part of another.
    private readonly string[] _secrets = [.. (connectors ?? []).SelectMany(c => c.Secrets).Where(s => s.Length >= ShortestSecret).Distinct(StringComparer.Ordinal).OrderByDescending(s => s.Length)];

    /// <summary>The failure of an attempt whose connector threw; it does not say what it was at.</summary>
    public static FailedResult Escaped(Exception exception) => new(FailureEvidence.Of(exception, "run"));

    /// <summary>The failure of a job that names a file which is not there.</summary>
    public static FailedResult Missing(ArtefactMissingException exception) => new(
        FailureEvidence.Of(exception, "prepare") with { Message = exception.Message, KnownReason = FailureReason.InputMissing });

    /// <summary>The failure of an attempt that brought more than it may; another one would bring as much.</summary>
    public static FailedResult TooLarge(OutputTooLargeException exception) => new(
        FailureEvidence.Of(exception, "fetch") with
        {
            Message = exception.Message,
            KnownClass = FailureClass.Malformed,
            KnownType = FailureType.ResourceLimit,
            KnownReason = FailureReason.OutputLimit,
        });

    /// <summary>A failure with what this worker's rules say of it for good; any other result as it is.</summary>
    public ConnectorResult Judged(ConnectorResult result)
    {
        if (result is not FailedResult failed)
            return result;
        var verdict = classifier.Classify(failed.Evidence);
        return new FailedResult(failed.Evidence with { Message = WithoutSecrets(failed.Evidence.Message), KnownClass = verdict.Class, KnownType = verdict.Type, KnownReason = verdict.Reason });
    }

    /// <summary>A text with stars for the connectors' secrets: some services repeat the key that they do not take.</summary>
    public string WithoutSecrets(string text) => _secrets.Aggregate(text, (said, secret) => said.Replace(secret, "***", StringComparison.Ordinal));

    /// <summary>The report of a failure.</summary>
    /// <param name="failed">What is known of it.</param>
    /// <param name="durationMs">How long the attempt took.</param>
    /// <param name="instance">The service instance that the attempt worked with, where the failure itself names none.</param>
    public FailureReport Of(FailedResult failed, long durationMs = 0, string? instance = null)
    {
        var evidence = failed.Evidence;
        var verdict = classifier.Classify(evidence);
        var memory = evidence is { SystemMemoryUsedMb: { } used, SystemMemoryTotalMb: { } total } ? (used, total) : MachineMemory.Read();
        return new()
        {
            FailureClass = FailureClassName.Of(verdict.Class),
            FailureType = verdict.Type,
            FailureReason = Short(verdict.Reason, NameCharacters),
            Message = Short(WithoutSecrets(evidence.Message), MessageCharacters),
            RetryAfterMs = (long?)evidence.RetryAfter?.TotalMilliseconds,
            DurationMs = durationMs,
            ExceptionType = ShortOrNull(evidence.ExceptionType, NameCharacters),
            Stack = evidence.Stack is null ? null : ShortStack(WithoutSecrets(evidence.Stack)),
            Stage = ShortOrNull(evidence.Stage, NameCharacters),
            ExternalStatus = evidence.HttpStatus,
            // An exclusion compares it, so it is never cut.
            Instance = evidence.Instance ?? instance,
            GpuMemoryUsedMb = evidence.GpuMemoryUsedMb,
            GpuMemoryTotalMb = evidence.GpuMemoryTotalMb,
            SystemMemoryUsedMb = memory?.UsedMb,
            SystemMemoryTotalMb = memory?.TotalMb,
            ModelLoaded = ShortOrNull(evidence.ModelLoaded, NameCharacters),
            EstimatedSizeMb = evidence.EstimatedSizeMb,
            Hints = HintsOf(evidence, verdict),
            ServiceLog = evidence.ServiceLog is { } log ? WithoutSecrets(log.Length > LogCharacters ? log[^LogCharacters..] : log) : null,
        };
    }

    private Dictionary<string, string> HintsOf(FailureEvidence evidence, FailureVerdict verdict)
    {
        var hints = new Dictionary<string, string>();
        foreach (var (name, value) in evidence.Hints.Take(HintCount))
            hints[Short(name, NameCharacters)] = Short(WithoutSecrets(value), HintCharacters);
        if (evidence.ServiceErrorType is { } type)
            hints["service_error_type"] = Short(type, HintCharacters);
        hints["rule"] = verdict.Rule;
        return hints;
    }

    /// <summary>Both ends: .NET begins with the frame that threw, Python ends with it.</summary>
    internal static string ShortStack(string stack)
    {
        const string cut = "\n…\n";
        var bytes = Encoding.UTF8.GetBytes(stack);
        if (bytes.Length <= StackBytes)
            return stack;
        var (head, tail) = (StackBytes * 5 / 8, bytes.Length - (StackBytes * 3 / 8 - Encoding.UTF8.GetByteCount(cut)));
        while ((bytes[head] & 0xC0) == 0x80)
            head--;
        while ((bytes[tail] & 0xC0) == 0x80)
            tail++;
        return Encoding.UTF8.GetString(bytes, 0, head) + cut + Encoding.UTF8.GetString(bytes, tail, bytes.Length - tail);
    }

    private static string? ShortOrNull(string? text, int characters) => text is null ? null : Short(text, characters);

    private static string Short(string text, int characters) => text.Length <= characters ? text : text[..characters] + " …";
}

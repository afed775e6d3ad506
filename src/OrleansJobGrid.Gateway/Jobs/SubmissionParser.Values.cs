using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>The values of the fields; each leaves the reader on the last token of its value.</summary>
internal ref partial struct SubmissionParser
{
    private static string Kind(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "null",
    };

    private bool Expect(SubmissionField field, JsonTokenType type, string expected)
    {
        if (_reader.TokenType == type)
            return true;
        Wrong(field, $"is {Kind(_reader.TokenType)}: it must be {expected}");
        _reader.Skip();
        return false;
    }

    private string? ReadName(SubmissionField field)
    {
        if (!Expect(field, JsonTokenType.String, $"a string of 1 to {JobSubmissionLimits.NameLength} of {JobNames.Alphabet}"))
            return null;
        var text = _reader.GetString()!;
        if (JobNames.IsName(text))
            return text;
        Wrong(field, text.Length == 0
            ? $"is empty: give 1 to {JobSubmissionLimits.NameLength} of {JobNames.Alphabet}"
            : text.Length > JobSubmissionLimits.NameLength
                ? $"has {text.Length} characters: {JobSubmissionLimits.NameLength} are allowed"
                : $"holds a character that is not allowed: use {JobNames.Alphabet}");
        return null;
    }

    private string? ReadReference(SubmissionField field)
    {
        if (!Expect(field, JsonTokenType.String, $"a string of 1 to {JobSubmissionLimits.ReferenceLength} characters"))
            return null;
        var text = _reader.GetString()!;
        if (JobNames.IsReference(text))
            return text;
        Wrong(field, $"must have 1 to {JobSubmissionLimits.ReferenceLength} characters and no control characters");
        return null;
    }

    private int? ReadWhole(SubmissionField field, int most)
    {
        if (!Expect(field, JsonTokenType.Number, $"a whole number from 0 to {most}"))
            return null;
        if (_reader.TryGetInt32(out var value) && value >= 0 && value <= most)
            return value;
        Wrong(field, $"must be a whole number from 0 to {most}");
        return null;
    }

    private long? ReadDuration(SubmissionField field, int unitMs)
    {
        var most = JobSubmissionLimits.LongestTimeout.TotalMilliseconds / unitMs;
        if (!Expect(field, JsonTokenType.Number, $"a number above 0 and at most {most:0}"))
            return null;
        if (_reader.TryGetDouble(out var value) && value > 0 && value <= most)
            return Math.Max(1, (long)Math.Round(value * unitMs));
        Wrong(field, $"must be above 0 and at most {most:0}");
        return null;
    }

    private long? ReadTime(SubmissionField field)
    {
        var moment = SubmissionTimes.Read(ref _reader, out var error);
        if (error is null)
            return moment;
        Wrong(field, error);
        _reader.Skip();
        return null;
    }

    private bool ReadBoolean(SubmissionField field)
    {
        if (_reader.TokenType is JsonTokenType.True or JsonTokenType.False)
            return _reader.GetBoolean();
        Expect(field, JsonTokenType.True, "true or false");
        return false;
    }

    private string? ReadOnUnknown()
    {
        const SubmissionField field = SubmissionField.OnUnknown;
        if (!Expect(field, JsonTokenType.String, "\"fail\" or \"rerun\""))
            return null;
        if (_reader.ValueTextEquals("fail"u8))
            return "fail";
        if (_reader.ValueTextEquals("rerun"u8))
            return "rerun";
        Wrong(field, "must be \"fail\" or \"rerun\"");
        return null;
    }

    private ReadOnlySpan<byte> ReadRaw()
    {
        var start = (int)_reader.TokenStartIndex;
        _reader.Skip();
        return _json[start..(int)_reader.BytesConsumed];
    }

    private void ReadPayload()
    {
        _payload = ReadRaw();
        if (_payload.Length > JobSubmissionLimits.PayloadBytes)
        {
            Wrong(SubmissionField.Payload,
                $"has {_payload.Length} bytes and {JobSubmissionLimits.PayloadBytes} are allowed: upload large inputs with POST /api/artefacts and name them in the payload",
                tooLarge: true);
        }
    }

    private void ReadMetadata()
    {
        if (!Expect(SubmissionField.Metadata, JsonTokenType.StartObject, "an object"))
            return;
        _metadata = ReadRaw();
        if (_metadata.Length > JobSubmissionLimits.MetadataBytes)
            Wrong(SubmissionField.Metadata, $"has {_metadata.Length} bytes and {JobSubmissionLimits.MetadataBytes} are allowed: keep it short, or put it into the payload");
    }

    private void ReadRequirements()
    {
        using var json = JsonDocument.ParseValue(ref _reader);
        // So an older system wrote that nothing is asked.
        if (json.RootElement.GetRawText().Replace(" ", "", StringComparison.Ordinal) is "[]" or "\"\"")
            return;
        List<FieldError> faults = [];
        var requirements = RequirementsReader.Read(json.RootElement, (field, message) => faults.Add(new(field, message)));
        foreach (var fault in faults)
            Wrong(fault.Field, fault.Message);
        _requirements = requirements?.Text is { } text and not "{}" ? text : null;
    }

    private string? ReadUrgency()
    {
        const SubmissionField field = SubmissionField.Urgency;
        const string words = "\"low\", \"normal\", \"high\" or \"critical\"";
        if (!Expect(field, JsonTokenType.String, words))
            return null;
        if (_reader.GetString() is "low" or "normal" or "high" or "critical")
            return _reader.GetString();
        Wrong(field, $"must be {words}");
        return null;
    }

    // An empty object or array asks for nothing, so that leaving it in does no harm.
    private void RefuseUnbuilt(SubmissionField field)
    {
        var raw = ReadRaw();
        if (raw[0] is (byte)'{' or (byte)'[' && raw[1..^1].Trim(" \t\r\n"u8).IsEmpty)
            return;
        if (raw is [(byte)'"', (byte)'"'])
            return;
        Wrong(field, "is not built yet: this version would silently ignore it, so leave it out");
    }

    private void ReadRetry()
    {
        if (!Expect(SubmissionField.Retry, JsonTokenType.StartObject, "an object with base_delay, max_delay (seconds) and multiplier"))
            return;
        double? first = null, most = null, growth = null;
        var errors = _errors?.Count ?? 0;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var longest = JobSubmissionLimits.LongestBackoff.TotalSeconds;
            if (_reader.ValueTextEquals("base_delay"u8))
                first = ReadRetryNumber("retry.base_delay", first, 0, longest);
            else if (_reader.ValueTextEquals("max_delay"u8))
                most = ReadRetryNumber("retry.max_delay", most, 0, longest);
            else if (_reader.ValueTextEquals("multiplier"u8))
                growth = ReadRetryNumber("retry.multiplier", growth, 1, JobSubmissionLimits.MaxBackoffMultiplier);
            else
                RefuseOfRetry();
        }

        var otherwise = JobSubmissionLimits.DefaultBackoff;
        var baseMs = first is { } b ? Milliseconds(b) : Math.Min(otherwise.BaseDelayMs, most is { } cap ? Milliseconds(cap) : otherwise.BaseDelayMs);
        var maxMs = most is { } m ? Milliseconds(m) : Math.Max(otherwise.MaxDelayMs, baseMs);
        if (maxMs < baseMs)
            Wrong("retry.max_delay", "is below retry.base_delay: raise it or lower the other");
        if ((_errors?.Count ?? 0) == errors)
            _retry = new BackoffPolicy(baseMs, maxMs, growth ?? otherwise.Multiplier);
    }

    private static long Milliseconds(double seconds) => (long)Math.Round(seconds * 1000);

    private void RefuseOfRetry()
    {
        var name = GridProblem.Shorten(_reader.GetString()!);
        _reader.Read();
        _reader.Skip();
        Wrong("retry." + name, SubmissionFields.UnknownOfRetry(name));
    }

    private double? ReadRetryNumber(string field, double? before, double least, double most)
    {
        _reader.Read();
        if (before is not null)
            Wrong(field, "is given twice: give it once");
        if (_reader.TokenType == JsonTokenType.Null)
            return before;
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetDouble(out var value) && value >= least && value <= most)
            return value;
        Wrong(field, $"must be a number from {least:0} to {most:0}");
        _reader.Skip();
        return before;
    }
}

using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>One pass over a submission, gathering what is wrong as it goes. The encoding was checked before.</summary>
internal ref partial struct SubmissionParser
{
    /// <summary>More errors than anyone reads; the rest is counted.</summary>
    private const int MostErrors = 50;

    private readonly ReadOnlySpan<byte> _json;
    private Utf8JsonReader _reader;
    private uint _seen;
    private List<FieldError>? _errors;
    private int _unlisted;
    private bool _tooLarge;

    private string? _id, _service, _customer, _workflow, _onUnknown, _requirements, _urgency, _resume;
    private string _queue = JobSubmissionLimits.DefaultQueue;
    private int? _priority, _workflowPriority, _maxRetries;
    private long? _workflowTime, _deadline, _notBefore, _attemptTimeout, _stallTimeout, _queueTimeout;
    private bool _idempotent;
    private BackoffPolicy? _retry;
    private ReadOnlySpan<byte> _payload, _metadata;

    public SubmissionParser(ReadOnlySpan<byte> json)
    {
        _json = json;
        _reader = new Utf8JsonReader(json);
    }

    /// <summary>Reads it; malformed JSON throws <see cref="JsonException"/>.</summary>
    public SubmissionReading Read(JobIdRule ids, int index)
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            var kind = Kind(_reader.TokenType);
            _reader.Skip();
            _reader.Read();
            return SubmissionReading.Wrong(JobSubmissionReader.Body, $"is {kind}: a job is a JSON object with service_required and payload");
        }

        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
            ReadField();
        // What comes after the object is malformed, and this is where the reader says so.
        _reader.Read();
        CheckTogether();
        if (_errors is not null)
        {
            if (_unlisted > 0)
                _errors.Add(new FieldError(JobSubmissionReader.Body, $"has {_unlisted} more errors that are not listed"));
            return SubmissionReading.Wrong(_errors, _tooLarge);
        }

        return SubmissionReading.Of(Build(ids, index));
    }

    private void ReadField()
    {
        var name = _reader.ValueSpan;
        scoped Span<byte> unescaped = stackalloc byte[64];
        if (_reader.ValueIsEscaped && name.Length <= unescaped.Length)
            name = unescaped[.._reader.CopyString(unescaped)].ToArray();
        var field = SubmissionFields.Find(name);
        if (field == SubmissionField.Unknown)
        {
            var unknown = GridProblem.Shorten(_reader.GetString()!);
            _reader.Read();
            _reader.Skip();
            Wrong(unknown.Length == 0 ? "(empty name)" : unknown, SubmissionFields.Unknown(unknown));
            return;
        }

        _reader.Read();
        var bit = 1u << (int)field;
        if ((_seen & bit) != 0)
        {
            Wrong(field, "is given twice: give it once");
            _reader.Skip();
            return;
        }

        _seen |= bit;
        if (_reader.TokenType == JsonTokenType.Null && field != SubmissionField.Payload)
            return;
        ReadValue(field);
    }

    private void ReadValue(SubmissionField field)
    {
        switch (field)
        {
            case SubmissionField.Id: _id = ReadName(field); break;
            case SubmissionField.ServiceRequired: _service = ReadName(field); break;
            case SubmissionField.Payload: ReadPayload(); break;
            case SubmissionField.Queue: _queue = ReadName(field) ?? _queue; break;
            case SubmissionField.Priority: _priority = ReadWhole(field, JobSubmissionLimits.MaxPriority); break;
            case SubmissionField.CustomerId: _customer = ReadReference(field); break;
            case SubmissionField.WorkflowId: _workflow = ReadReference(field); break;
            case SubmissionField.WorkflowPriority: _workflowPriority = ReadWhole(field, JobSubmissionLimits.MaxPriority); break;
            case SubmissionField.WorkflowDatetime: _workflowTime = ReadTime(field); break;
            case SubmissionField.Deadline: _deadline = ReadTime(field); break;
            case SubmissionField.NotBefore: _notBefore = ReadTime(field); break;
            case SubmissionField.MaxRetries: _maxRetries = ReadWhole(field, JobSubmissionLimits.MaxRetries); break;
            case SubmissionField.Retry: ReadRetry(); break;
            case SubmissionField.TimeoutSeconds: _attemptTimeout = ReadDuration(field, 1_000); break;
            case SubmissionField.TimeoutMinutes: _attemptTimeout = ReadDuration(field, 60_000); break;
            case SubmissionField.StallTimeoutSeconds: _stallTimeout = ReadDuration(field, 1_000); break;
            case SubmissionField.QueueTimeoutSeconds: _queueTimeout = ReadDuration(field, 1_000); break;
            case SubmissionField.Idempotent: _idempotent = ReadBoolean(field); break;
            case SubmissionField.OnUnknown: _onUnknown = ReadOnUnknown(); break;
            case SubmissionField.Metadata: ReadMetadata(); break;
            case SubmissionField.Requirements: ReadRequirements(); break;
            case SubmissionField.ResumeJobId: _resume = ReadName(field); break;
            case SubmissionField.Urgency: _urgency = ReadUrgency(); break;
            default: RefuseUnbuilt(field); break;
        }
    }

    private void CheckTogether()
    {
        if (!Given(SubmissionField.ServiceRequired) || (_service is null && !Named(SubmissionField.ServiceRequired)))
            Wrong(SubmissionField.ServiceRequired, "is missing: name the service that must do the job, such as \"simulation\"");
        if (!Given(SubmissionField.Payload))
            Wrong(SubmissionField.Payload, "is missing: give the service's input as JSON, {} where it needs none");
        if (Given(SubmissionField.TimeoutSeconds) && Given(SubmissionField.TimeoutMinutes))
            Wrong(SubmissionField.TimeoutMinutes, "is given together with timeout_seconds: give one of them");
        if (_deadline is { } deadline && _notBefore is { } start && deadline <= start)
            Wrong(SubmissionField.Deadline, "is not after not_before: the job could never start; move one of them");
    }

    private JobSubmission Build(JobIdRule ids, int index)
    {
        using var hash = new CanonicalHash();
        hash.Add(_service);
        hash.Add(_queue);
        hash.Add(_priority ?? JobSubmissionLimits.DefaultPriority);
        hash.Add(_customer);
        hash.Add(_workflow);
        hash.Add(_workflowPriority);
        hash.Add(_workflowTime);
        hash.Add(_deadline);
        hash.Add(_maxRetries);
        hash.Add(_retry?.BaseDelayMs);
        hash.Add(_retry?.MaxDelayMs);
        hash.Add(_retry?.Multiplier);
        hash.Add(_attemptTimeout);
        hash.Add(_queueTimeout);
        hash.Add(_idempotent ? 1 : 0);
        hash.Add(_onUnknown);
        hash.Add(_notBefore);
        hash.AddJson(_payload);
        if (!_metadata.IsEmpty)
            hash.AddJson(_metadata);
        // Only where it is given: what was submitted before the field came must still be known again.
        if (_stallTimeout is not null)
        {
            hash.Add("stall_timeout");
            hash.Add(_stallTimeout);
        }

        if (_requirements is not null)
        {
            hash.Add("requirements");
            hash.Add(_requirements);
        }

        if (_urgency is not null)
        {
            hash.Add("urgency");
            hash.Add(_urgency);
        }

        if (_resume is not null)
        {
            hash.Add("resume_job_id");
            hash.Add(_resume);
        }

        return new JobSubmission
        {
            Id = ids.For(_id, _customer, index),
            Service = _service!,
            Payload = _payload.ToArray(),
            Queue = _queue,
            Priority = _priority ?? JobSubmissionLimits.DefaultPriority,
            CustomerId = _customer,
            WorkflowId = _workflow,
            WorkflowPriority = _workflowPriority,
            WorkflowTime = _workflowTime,
            Deadline = _deadline,
            MaxRetries = _maxRetries,
            Retry = _retry,
            AttemptTimeoutMs = _attemptTimeout,
            StallTimeoutMs = _stallTimeout,
            QueueTimeoutMs = _queueTimeout,
            Idempotent = _idempotent,
            OnUnknown = _onUnknown,
            NotBefore = _notBefore,
            Metadata = _metadata.IsEmpty ? null : _metadata.ToArray(),
            Requirements = _requirements,
            Size = WorkSize.Of(_payload),
            Urgency = _urgency,
            ResumeJobId = _resume,
            OwnPriority = _priority is not null,
            BodyHash = hash.Finish(),
        };
    }

    private readonly bool Given(SubmissionField field) => (_seen & (1u << (int)field)) != 0;

    private readonly bool Named(SubmissionField field) => _errors is not null && _errors.Exists(e => e.Field == field.Name());

    private void Wrong(SubmissionField field, string message, bool tooLarge = false)
    {
        _tooLarge |= tooLarge;
        Wrong(field.Name(), message);
    }

    private void Wrong(string field, string message)
    {
        _errors ??= [];
        if (_errors.Count < MostErrors)
            _errors.Add(new FieldError(field, message));
        else
            _unlisted++;
    }
}

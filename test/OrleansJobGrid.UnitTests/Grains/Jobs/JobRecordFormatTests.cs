using System.Text;
using System.Text.Json;
using CsCheck;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

public sealed class JobRecordFormatTests
{
    private static readonly string[] Documents =
    [
        "{}", "[]", "0", "-1.50e+07", "true", "\"\"", "\"caf\\u00e9 café 画像 🖼\"", "{\"a\" : [1 , 2,\t3], \"b\":{\"c\":\"}\"}}", "[[[[]]],\n\n{}]",
        "{\"payload\":{\"payload\":null}}", "123456789012345678901234567890", "{\"a\":1,\"a\":2}",
    ];

    private static readonly Gen<RawJson> Raw = Gen.Int[0, Documents.Length - 1].Select(i => new RawJson(Encoding.UTF8.GetBytes(Documents[i])));
    private static readonly Gen<string> Text = Gen.Char["abc \"\\/\u0001é画\u2028"].Array[0, 20].Select(c => new string(c));
    private static readonly Gen<long> Time = Gen.Long[0, 1L << 52];

    private static readonly Gen<JobRecord> Submitted =
        Gen.Select(Raw, Text, Gen.Int[0, 100], Maybe(Raw), MaybeText, MaybeText, Maybe(Gen.Int[0, 1_000]), Maybe(Time)).Select(
            (payload, service, priority, metadata, customer, workflow, retries, deadline) => new JobRecord
            {
                Status = JobStatus.Pending,
                Service = service,
                Queue = service,
                Priority = priority,
                Payload = payload,
                Metadata = metadata,
                CustomerId = customer,
                WorkflowId = workflow,
                WorkflowPriority = retries,
                WorkflowTime = deadline,
                MaxRetries = retries,
                Deadline = deadline,
                NotBefore = deadline,
                Retry = retries is { } base100 ? new(base100, 60_000, 1.5) : null,
                OnUnknown = retries is null ? null : "rerun",
                Idempotent = priority % 2 == 0,
                OwnAttemptTimeout = priority % 3 == 0,
                BodyHash = "hash",
                AttemptTimeoutMs = priority,
                CreatedAt = priority,
                PendingSince = priority,
            });

    private static readonly Gen<JobRecord> Records =
        Gen.Select(Submitted, Gen.Int[1, 8], Gen.Long[0, 1L << 40], Maybe(Raw), MaybeText, Maybe(Time), Gen.Byte.Array[0, 40], Gen.Int[0, 3]).Select(
            (record, status, epoch, result, text, time, checkpoint, few) => record with
            {
                Status = (JobStatus)status,
                Epoch = epoch,
                Attempt = few,
                Sequence = epoch,
                EventCount = epoch,
                Result = result,
                Error = text,
                EndReason = text,
                StartedAt = time,
                FinishedAt = time,
                RetryAt = time,
                DelayedUntil = time,
                QueueTimeoutMs = time,
                CancelRequestedAt = time,
                Checkpoint = few == 0 ? null : checkpoint,
                LastGrant = few == 0 ? null : new(new Guid(few, 1, 2, new byte[8]), text ?? "s", "w", epoch),
                Outputs = few == 0 ? null : [.. Enumerable.Range(0, few).Select(i => new JobOutputView("a" + i, text ?? "o", "00", i))],
                Failures = few == 0 ? null : [.. Enumerable.Range(0, few).Select(i => new FailureView(i, i, "w", "transient", "r", text ?? "m", i))],
            });

    private static Gen<string?> MaybeText => Gen.Select(Gen.Bool, Text, (none, text) => none ? null : text);

    [Fact]
    public void A_record_is_read_back_as_it_was_written_its_JSON_parts_to_the_byte() =>
        Records.Sample(record => Same(record, JobRecordFormat.Read("job-1", JobRecordFormat.Write(record))), iter: 2_000);

    /// <summary>A later version may write fields in another order, and fields that this one does not know.</summary>
    [Fact]
    public void The_order_of_the_fields_and_unknown_ones_change_nothing() =>
        Gen.Select(Records, Gen.Int).Sample(
            (record, seed) =>
            {
                using var document = JsonDocument.Parse(JobRecordFormat.Write(record));
                List<string> fields = [.. document.RootElement.EnumerateObject().Select(p => $"\"{p.Name}\" : {p.Value.GetRawText()}")];
                fields.Add("\"of_a_later_version\":{\"payload\":[1,2]}");
                var shuffled = fields.ToArray();
                new Random(seed).Shuffle(shuffled);
                Same(record, JobRecordFormat.Read("job-1", Encoding.UTF8.GetBytes("{ " + string.Join(" ,\n", shuffled) + " }")));
            },
            iter: 1_000);

    [Fact]
    public void Absent_fields_are_not_written()
    {
        var json = Encoding.UTF8.GetString(JobRecordFormat.Write(Samples.Pending()).Span);
        using var document = JsonDocument.Parse(json);
        string[] expected =
        [
            "attempt_timeout_ms", "body_hash", "created_at", "event_count", "payload", "pending_since", "priority", "queue", "schema", "sequence",
            "service", "status",
        ];
        Assert.Equal(expected, document.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.InRange(json.Length, 1, 300);
        Assert.Contains("\"status\":\"pending\"", json, StringComparison.Ordinal);
    }

    /// <summary>A grid that ran with an attempt timeout of 0 must find its records readable.</summary>
    [Fact]
    public void Required_numbers_are_written_also_where_they_are_0()
    {
        var record = Samples.Pending() with { AttemptTimeoutMs = 0, CreatedAt = 0, PendingSince = 0 };
        Assert.Equal(0, JobRecordFormat.Read("job-1", JobRecordFormat.Write(record)).AttemptTimeoutMs);
    }

    [Fact]
    public void Read_OfANewerForm_IsRefused_NamingJobAndForms()
    {
        var newer = JobRecordFormat.Write(Samples.Pending() with { Schema = JobRecord.CurrentSchema + 1 });
        var error = Assert.Throws<StoreDamagedException>(() => JobRecordFormat.Read("job-1", newer));
        Assert.Contains("'job-1' has form 2, newer than this program's 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"status\":\"pending\"}")]
    [InlineData("\u0000\u0001")]
    public void Read_OfGarbage_SaysThatTheStoreIsDamaged_NamingTheJob(string garbage)
    {
        var error = Assert.Throws<StoreDamagedException>(() => JobRecordFormat.Read("job-1", Encoding.UTF8.GetBytes(garbage)));
        Assert.Contains("'job-1'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"at\":\"noon\"}")]
    public void ReadEvent_OfGarbage_SaysThatTheStoreIsDamaged(string garbage) =>
        Assert.Throws<StoreDamagedException>(() => JobRecordFormat.ReadEvent(Encoding.UTF8.GetBytes(garbage)));

    [Fact]
    public void Read_OfAStateThatIsNone_SaysThatTheStoreIsDamaged()
    {
        var text = Encoding.UTF8.GetString(JobRecordFormat.Write(Samples.Pending()).Span);
        foreach (var wrong in new[] { "\"sleeping\"", "5", "null", "[]" })
            Assert.Throws<StoreDamagedException>(() => JobRecordFormat.Read("job-1", Encoding.UTF8.GetBytes(text.Replace("\"pending\"", wrong, StringComparison.Ordinal))));
    }

    [Fact]
    public void Read_OfABrokenRecord_EitherReadsOrSaysThatTheStoreIsDamaged() =>
        Gen.Select(Records, Gen.Int[0, int.MaxValue], Gen.Byte, Gen.Bool).Sample(
            (record, place, value, cut) =>
            {
                var bytes = JobRecordFormat.Write(record).ToArray();
                bytes[place % bytes.Length] = value;
                try
                {
                    JobRecordFormat.Read("job-1", cut ? bytes.AsMemory(0, place % bytes.Length) : bytes);
                }
                catch (StoreDamagedException)
                {
                    // The one word for it; any other exception fails.
                }
            },
            iter: 5_000);

    [Fact]
    public void An_event_is_read_back_as_it_was_written() =>
        Gen.Select(Gen.Long[1, 1L << 40], Text, Gen.Int[0, 8], Gen.Int[1, 8], MaybeText).Sample((number, type, from, to, text) =>
        {
            var said = new JobEvent(number, type, number, (JobStatus)from, (JobStatus)to, to, number, text, text);
            if (from == 0)
                Assert.DoesNotContain("from", Encoding.UTF8.GetString(JobRecordFormat.Write(said with { Type = "t", WorkerId = null, Reason = null }).Span), StringComparison.Ordinal);
            Assert.Equal(said, JobRecordFormat.ReadEvent(JobRecordFormat.Write(said)));
        });

    private static Gen<T?> Maybe<T>(Gen<T> some) where T : struct => Gen.Select(Gen.Bool, some, (none, value) => none ? (T?)null : value);

    private static void Same(JobRecord expected, JobRecord actual)
    {
        // Lists and JSON parts are compared by content; all other fields as the record itself compares them.
        Assert.Equal(expected, actual with
        {
            Payload = expected.Payload,
            Metadata = expected.Metadata,
            Result = expected.Result,
            Outputs = expected.Outputs,
            Failures = expected.Failures,
            Checkpoint = expected.Checkpoint,
        });
        Assert.Equal(expected.Payload.Utf8.ToArray(), actual.Payload.Utf8.ToArray());
        Assert.Equal(expected.Metadata?.Utf8.ToArray(), actual.Metadata?.Utf8.ToArray());
        Assert.Equal(expected.Result?.Utf8.ToArray(), actual.Result?.Utf8.ToArray());
        Assert.Equal(expected.Outputs, actual.Outputs);
        Assert.Equal(expected.Failures, actual.Failures);
        Assert.Equal(expected.Checkpoint, actual.Checkpoint);
    }
}

using System.Text;
using CsCheck;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class JobSubmissionReaderTests
{
    private static readonly JobIdRule FreshIds = new(new CountedIds(), null);

    private static readonly string[] Pool = ["id", "payload", "priority", "retry", "metadata", "nonsense", "service_required", "requirements", "deadline"];

    [Fact]
    public void Read_EveryField_ArrivesInItsUnit()
    {
        var job = Good("""
            {"id":"a.B_9:-","service_required":"comfy","payload":{"x":[1,2]},"queue":"fast","priority":0,"customer_id":"Müller & Co","workflow_id":"w",
             "workflow_priority":100,"workflow_datetime":1750000000123,"deadline":"2026-01-31T12:00:00.5+02:00","max_retries":3,
             "retry":{"base_delay":0.25,"max_delay":60,"multiplier":1.5},"timeout_minutes":1.5,"stall_timeout_seconds":2.5,"queue_timeout_seconds":0.5,"idempotent":true,
             "on_unknown":"rerun","not_before":"2026-01-01T00:00:00Z","metadata":{"k":"v"},"requirements":null,"webhook":{ }}
            """);
        Assert.Equal("a.B_9:-", job.Id);
        Assert.Equal("comfy", job.Service);
        Assert.Equal("{\"x\":[1,2]}", Encoding.UTF8.GetString(job.Payload));
        Assert.Equal("fast", job.Queue);
        Assert.Equal(0, job.Priority);
        Assert.Equal("Müller & Co", job.CustomerId);
        Assert.Equal("w", job.WorkflowId);
        Assert.Equal(100, job.WorkflowPriority);
        Assert.Equal(1_750_000_000_123, job.WorkflowTime);
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 10, 0, 0, 500, TimeSpan.Zero).ToUnixTimeMilliseconds(), job.Deadline);
        Assert.Equal(3, job.MaxRetries);
        Assert.Equal(new BackoffPolicy(250, 60_000, 1.5), job.Retry);
        Assert.Equal(90_000, job.AttemptTimeoutMs);
        Assert.Equal(2_500, job.StallTimeoutMs);
        Assert.Equal(500, job.QueueTimeoutMs);
        Assert.True(job.Idempotent);
        Assert.Equal("rerun", job.OnUnknown);
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), job.NotBefore);
        Assert.Equal("{\"k\":\"v\"}", Encoding.UTF8.GetString(job.Metadata!));
    }

    [Fact]
    public void Read_LeastJob_GetsTheDefaultsAndAFreshId()
    {
        var job = Good("""{"service_required":"s","payload":null}""");
        Assert.StartsWith("fresh-", job.Id);
        Assert.Equal(("default", 50, false), (job.Queue, job.Priority, job.Idempotent));
        Assert.Equal("null", Encoding.UTF8.GetString(job.Payload));
        Assert.True(job is { CustomerId: null, WorkflowId: null, WorkflowPriority: null, WorkflowTime: null, Deadline: null, MaxRetries: null });
        Assert.True(job is { Retry: null, AttemptTimeoutMs: null, QueueTimeoutMs: null, OnUnknown: null, NotBefore: null, Metadata: null });
    }

    [Theory]
    [InlineData("""{"retry":{}}""", 1_000, 300_000, 2)]
    [InlineData("""{"retry":{"max_delay":0.5}}""", 500, 500, 2)]
    [InlineData("""{"retry":{"base_delay":600,"multiplier":null}}""", 600_000, 600_000, 2)]
    public void Read_PartOfARetry_IsFilledUpSensibly(string body, long first, long most, double growth) =>
        Assert.Equal(new BackoffPolicy(first, most, growth), Good(Merge(body)).Retry);

    [Theory]
    [InlineData("", "body", "is empty")]
    [InlineData("[]", "body", "is an array")]
    [InlineData("null", "body", "is null")]
    [InlineData("{\n  \"id\": x}", "body", "line 2, position 9")]
    [InlineData("{\"service_required\":\"s\",\"payload\":1", "body", "not valid JSON")]
    [InlineData("{\"service_required\":\"s\",\"payload\":1} x", "body", "not valid JSON")]
    [InlineData("{\"service_required\":\"s\",\"payload\":1,}", "body", "not valid JSON")]
    [InlineData("{\"payload\":1}", "service_required", "is missing")]
    [InlineData("{\"service_required\":null,\"payload\":1}", "service_required", "is missing")]
    [InlineData("{\"service_required\":\"s\"}", "payload", "is missing")]
    [InlineData("+{\"service_required\":7}", "service_required", "is a number")]
    [InlineData("+{\"service_required\":\"\"}", "service_required", "is empty")]
    [InlineData("+{\"id\":\"a b\"}", "id", "A-Za-z0-9._:-")]
    [InlineData("+{\"id\":[]}", "id", "is an array")]
    [InlineData("+{\"queue\":\"ä\"}", "queue", "A-Za-z0-9._:-")]
    [InlineData("+{\"priority\":101}", "priority", "0 to 100")]
    [InlineData("+{\"priority\":-1}", "priority", "0 to 100")]
    [InlineData("+{\"priority\":1.5}", "priority", "whole number")]
    [InlineData("+{\"priority\":\"50\"}", "priority", "is a string")]
    [InlineData("+{\"priority\":1,\"priority\":2}", "priority", "given twice")]
    [InlineData("+{\"prio\\u0072ity\":101}", "priority", "0 to 100")]
    [InlineData("+{\"workflow_priority\":1e9}", "workflow_priority", "0 to 100")]
    [InlineData("+{\"customer_id\":\"a\\u0000b\"}", "customer_id", "control characters")]
    [InlineData("+{\"customer_id\":\"\"}", "customer_id", "1 to 256")]
    [InlineData("+{\"timeout_seconds\":0}", "timeout_seconds", "above 0")]
    [InlineData("+{\"timeout_minutes\":-1}", "timeout_minutes", "above 0")]
    [InlineData("+{\"timeout_seconds\":1e300}", "timeout_seconds", "at most 31536000")]
    [InlineData("+{\"timeout_seconds\":1,\"timeout_minutes\":1}", "timeout_minutes", "give one of them")]
    [InlineData("+{\"stall_timeout_seconds\":0}", "stall_timeout_seconds", "above 0")]
    [InlineData("+{\"stall_timeout_seconds\":\"1\"}", "stall_timeout_seconds", "is a string")]
    [InlineData("+{\"stall_timeout\":1}", "stall_timeout", "leave it out")]
    [InlineData("+{\"queue_timeout_seconds\":\"1\"}", "queue_timeout_seconds", "is a string")]
    [InlineData("+{\"deadline\":\"tomorrow\"}", "deadline", "ISO 8601")]
    [InlineData("+{\"deadline\":\"2026-01-31T12:00:00\"}", "deadline", "no time zone")]
    [InlineData("+{\"deadline\":1750000000}", "deadline", "Unix seconds")]
    [InlineData("+{\"deadline\":{}}", "deadline", "must be a moment")]
    [InlineData("+{\"not_before\":1e20}", "not_before", "between 1973 and 9999")]
    [InlineData("+{\"workflow_datetime\":\"0001-01-01T00:00:00+14:00\"}", "workflow_datetime", "")]
    [InlineData("+{\"deadline\":1750000000000,\"not_before\":1750000000000}", "deadline", "not after not_before")]
    [InlineData("+{\"max_retries\":-1}", "max_retries", "0 to 1000")]
    [InlineData("+{\"retry\":5}", "retry", "is a number")]
    [InlineData("+{\"retry\":{\"multiplier\":11}}", "retry.multiplier", "1 to 10")]
    [InlineData("+{\"retry\":{\"base_delay\":[1]}}", "retry.base_delay", "must be a number")]
    [InlineData("+{\"retry\":{\"base_delay\":10,\"max_delay\":1}}", "retry.max_delay", "below retry.base_delay")]
    [InlineData("+{\"retry\":{\"max\":1}}", "retry.max", "base_delay, max_delay and multiplier")]
    [InlineData("+{\"retry\":{\"basedelay\":1}}", "retry.basedelay", "did you mean 'base_delay'?")]
    [InlineData("+{\"idempotent\":\"yes\"}", "idempotent", "true or false")]
    [InlineData("+{\"on_unknown\":\"retry\"}", "on_unknown", "\"fail\" or \"rerun\"")]
    [InlineData("+{\"metadata\":[]}", "metadata", "is an array")]
    [InlineData("+{\"requirements\":{\"gpu\":1}}", "requirements.gpu", "is not a requirement")]
    [InlineData("+{\"requirements\":{\"model\":[\"m\"]}}", "requirements.model", "did you mean 'models'?")]
    [InlineData("+{\"requirements\":{\"hardware\":{\"gpu_memory_gb\":-8}}}", "requirements.hardware.gpu_memory_gb", "a number above 0")]
    [InlineData("+{\"requirements\":{\"hardware\":{\"gpu_count\":0,\"gpu_memory_gb\":8}}}", "requirements.hardware.gpu_count", "leave one of them out")]
    [InlineData("+{\"requirements\":{\"models\":[\"m\"],\"negative_requirements\":{\"models\":[\"M\"]}}}", "requirements.negative_requirements.models", "no worker could have both")]
    [InlineData("+{\"requirements\":{\"positive_requirements\":{\"vram\":24},\"negative_requirements\":{\"vram\":16}}}", "requirements.negative_requirements.vram", "no worker could have both")]
    [InlineData("+{\"requirements\":{\"customer_isolation\":\"total\"}}", "requirements.customer_isolation", "one of strict, loose, none")]
    [InlineData("+{\"requirements\":{\"service_type\":\"x\"}}", "requirements.service_type", "service_required")]
    [InlineData("+{\"requirements\":[1]}", "requirements", "must be an object")]
    [InlineData("+{\"urgency\":\"now\"}", "urgency", "\"critical\"")]
    [InlineData("+{\"webhook\":\"http://x\"}", "webhook", "leave it out")]
    [InlineData("+{\"prioritty\":1}", "prioritty", "did you mean 'priority'?")]
    [InlineData("+{\"maxRetries\":1}", "maxRetries", "did you mean 'max_retries'?")]
    [InlineData("+{\"service\":\"x\"}", "service", "did you mean 'service_required'?")]
    [InlineData("+{\"colour\":1}", "colour", "leave it out")]
    [InlineData("+{\"metadata\":{\"a\":\"\\ud83d\"}}", "body", "surrogate")]
    [InlineData("+{\"\\ude00\":1}", "body", "surrogate")]
    public void Read_WrongInput_NamesTheFieldAndTheMend(string body, string field, string words)
    {
        var reading = Read(body.StartsWith('+') ? Merge(body[1..]) : body);
        Assert.Null(reading.Job);
        Assert.Contains(reading.Errors, e => e.Field == field && e.Message.Contains(words, StringComparison.Ordinal));
        Assert.Single(reading.Errors);
    }

    [Fact]
    public void Read_ManyFaults_AreAllNamedAtOnce()
    {
        var reading = Read("""{"id":"?","priority":500,"retry":{"multiplier":0,"x":1},"metadata":3,"unknown":{"deep":[1]},"timeout_seconds":-1}""");
        Assert.Equal(
            ["id", "priority", "retry.multiplier", "retry.x", "metadata", "unknown", "timeout_seconds", "service_required", "payload"],
            reading.Errors.Select(e => e.Field));
        Assert.False(reading.IsTooLarge);
    }

    [Fact]
    public void Read_ThousandsOfUnknownFields_AreCountedBeyondTheFirst()
    {
        var body = "{" + string.Join(',', Enumerable.Range(0, 2_000).Select(i => $"\"field_number_{i}\":0")) + "}";
        var reading = Read(body);
        Assert.True(reading.Errors.Count < 60);
        Assert.Contains(reading.Errors, e => e.Message.Contains("1952 more errors", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_SizesAtTheirLimits_AreTakenAndOneByteMoreIsNot()
    {
        Assert.NotNull(Read(Payload(JobSubmissionLimits.PayloadBytes)).Job);
        var large = Read(Payload(JobSubmissionLimits.PayloadBytes + 1));
        Assert.True(large.IsTooLarge);
        Assert.Contains("POST /api/artefacts", Assert.Single(large.Errors).Message, StringComparison.Ordinal);
        Assert.NotNull(Read(Metadata(JobSubmissionLimits.MetadataBytes)).Job);
        Assert.False(Read(Metadata(JobSubmissionLimits.MetadataBytes + 1)).IsTooLarge);
        Assert.Equal("metadata", Assert.Single(Read(Metadata(JobSubmissionLimits.MetadataBytes + 1)).Errors).Field);
        Assert.NotNull(Read(Merge($$"""{"id":"{{new string('x', 128)}}"}""")).Job);
        Assert.Equal("id", Assert.Single(Read(Merge($$"""{"id":"{{new string('x', 129)}}"}""")).Errors).Field);
        var body = Read(new string(' ', JobSubmissionLimits.JobBodyBytes) + "{");
        Assert.True(body.IsTooLarge);
    }

    [Fact]
    public void Read_BytesThatAreNoUtf8_AreRefusedWhereverTheyStand()
    {
        byte[] body = [.. "{\"service_required\":\"s\",\"payload\":\""u8, 0xFF, .. "\"}"u8];
        var error = Assert.Single(JobSubmissionReader.Read(body, FreshIds, 0).Errors);
        Assert.Contains("UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AByteOrderMark_IsNoFault() =>
        Assert.NotNull(JobSubmissionReader.Read([0xEF, 0xBB, 0xBF, .. "{\"service_required\":\"s\",\"payload\":1}"u8], FreshIds, 0).Job);

    /// <summary>Whatever a client may say comes out again as it went in.</summary>
    [Fact]
    public void Read_AnyValidSubmission_RoundTrips() =>
        Gen.Select(SubmissionGen.Jobs, Gen.Int[0, 1_000_000]).Sample((job, seed) =>
        {
            var read = JobSubmissionReader.Read(SubmissionGen.Write(job, seed), FreshIds, 0);
            Assert.Empty(read.Errors);
            SubmissionGen.AssertSame(job, read.Job!);
        });

    [Fact]
    public void Read_AnyBytes_NeverThrows() =>
        Gen.Byte.Array[0, 200].Sample(bytes => Either(JobSubmissionReader.Read(bytes, FreshIds, 0)), iter: 20_000);

    [Fact]
    public void Read_AlmostValidText_NeverThrows() =>
        Gen.Select(SubmissionGen.Jobs, Gen.Int[0, 1_000_000], Gen.Int[0, 10_000], Gen.Byte, SubmissionGen.Pick(Pool)).Sample((job, seed, at, value, name) =>
        {
            var bytes = SubmissionGen.Write(job, seed);
            bytes[at % bytes.Length] = value;
            Either(JobSubmissionReader.Read(bytes, FreshIds, 0));
            Either(JobSubmissionReader.Read(bytes.AsSpan(0, at % bytes.Length), FreshIds, 0));
            Either(JobSubmissionReader.Read(Encoding.UTF8.GetBytes($"{{\"{name}\":{Encoding.UTF8.GetString(bytes)}}}"), FreshIds, 0));
        }, iter: 5_000);

    private static void Either(SubmissionReading reading) => Assert.True(reading.Job is null == reading.Errors.Count > 0);

    private static SubmissionReading Read(string body) => JobSubmissionReader.Read(Encoding.UTF8.GetBytes(body), FreshIds, 0);

    private static JobSubmission Good(string body)
    {
        var reading = Read(body);
        Assert.Empty(reading.Errors);
        return reading.Job!;
    }

    // The fields given, with the two that every job needs where they are not.
    private static string Merge(string fields)
    {
        var inner = fields[1..^1];
        if (!fields.Contains("service_required", StringComparison.Ordinal))
            inner = "\"service_required\":\"s\"," + inner;
        return ("{\"payload\":{}," + inner).TrimEnd(',') + "}";
    }

    private static string Payload(int bytes) => $$"""{"service_required":"s","payload":"{{new string('x', bytes - 2)}}"}""";

    private static string Metadata(int bytes) => Merge($$$"""{"metadata":{"a":"{{{new string('x', bytes - 8)}}}"}}""");

    private sealed class CountedIds : IJobIdSource
    {
        private int _last;

        public string Next() => $"fresh-{Interlocked.Increment(ref _last)}";
    }
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

/// <summary>Any valid submission, and ways to write it.</summary>
internal static class SubmissionGen
{
    // One array: records compare arrays by reference.
    private static readonly byte[] Nothing = [];

    private static readonly Gen<string> Names = Gen.Char["ABab09._:-"].Array[1, 20].Select(c => new string(c));

    private static readonly Gen<string> Texts =
        Pick("a", "ß", "\"", "\\", "\n", "😀", "\u2028", "</script>", "0", " ").Array[0, 8].Select(parts => string.Concat(parts));

    private static readonly Gen<string> References = Pick("a", "ß", "\"", "\\", "😀", " ", "/").Array[1, 8].Select(parts => string.Concat(parts));

    private static readonly Gen<long> Moments = Gen.Long[SubmissionTimes.Earliest, SubmissionTimes.Latest];

    /// <summary>Any JSON, four levels deep at most.</summary>
    public static readonly Gen<JsonNode?> Json = Gen.Recursive<JsonNode?>((depth, self) =>
    {
        var leaf = Gen.OneOf(
            Texts.Select(t => (JsonNode?)JsonValue.Create(t)),
            Gen.Int.Select(i => (JsonNode?)JsonValue.Create(i)),
            Gen.Double[-1e9, 1e9].Select(d => (JsonNode?)JsonValue.Create(d)),
            Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)),
            Gen.Const((JsonNode?)null));
        if (depth >= 4)
            return leaf;
        return Gen.OneOf(
            leaf,
            self.Array[0, 4].Select(items => (JsonNode?)new JsonArray([.. items.Select(i => i?.DeepClone())])),
            Gen.Select(Texts, self).Array[0, 4].Select(Members));
    });

    private static readonly Gen<JsonNode> Objects = Gen.Select(Texts, Json).Array[0, 4].Select(m => Members(m)!);

    public static readonly Gen<JobSubmission> Jobs = Gen.Select(
        Gen.Select(Names, Names, Json, Gen.Int[0, 100], References.Null(), References.Null(), Gen.Int[0, 100].Nullable()),
        Gen.Select(Moments.Nullable(), Moments.Nullable(), Gen.Int[0, 1_000].Nullable(), Gen.Long[1, 31_536_000_000].Nullable(), Gen.Long[1, 31_536_000_000].Nullable(),
            Gen.Long[1, 31_536_000_000].Nullable()),
        Gen.Select(Gen.Bool, Pick<string?>("fail", "rerun", null), Objects.Null(),
            Gen.Select(Gen.Long[0, 1_000], Gen.Long[1_000, 604_800_000], Gen.Double[1, 10], (b, m, g) => new BackoffPolicy(b, m, g)).Null()),
        (who, when, how) => new JobSubmission
        {
            Id = who.Item1,
            Service = who.Item2,
            Queue = who.Item2,
            Payload = Bytes(who.Item3),
            Priority = who.Item4,
            CustomerId = who.Item5,
            WorkflowId = who.Item6,
            WorkflowPriority = who.Item7,
            WorkflowTime = when.Item1,
            NotBefore = when.Item2,
            Deadline = when.Item2 + 1,
            MaxRetries = when.Item3,
            AttemptTimeoutMs = when.Item4,
            QueueTimeoutMs = when.Item5,
            StallTimeoutMs = when.Item6,
            Idempotent = how.Item1,
            OnUnknown = how.Item2,
            Metadata = how.Item3 is null ? null : Bytes(how.Item3),
            Retry = how.Item4,
            Size = OrleansJobGrid.Contracts.Matching.WorkSize.Of(Bytes(who.Item3)),
            Urgency = who.Item4 % 3 == 0 ? "high" : null,
            OwnPriority = true,
            BodyHash = "",
        }).Where(j => j.Deadline is null or <= SubmissionTimes.Latest);

    /// <summary>One of these.</summary>
    public static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>Writes it as JSON, its fields in an order that the seed decides.</summary>
    public static byte[] Write(JobSubmission job, int seed)
    {
        var fields = new List<(string Name, JsonNode? Value)>
        {
            ("id", job.Id), ("service_required", job.Service), ("queue", job.Queue), ("payload", JsonNode.Parse(job.Payload)), ("priority", job.Priority),
            ("customer_id", job.CustomerId), ("workflow_id", job.WorkflowId), ("workflow_priority", job.WorkflowPriority),
            ("workflow_datetime", Moment(job.WorkflowTime, seed)), ("deadline", Moment(job.Deadline, seed + 1)), ("not_before", Moment(job.NotBefore, seed)),
            ("max_retries", job.MaxRetries), ("timeout_seconds", job.AttemptTimeoutMs / 1000d), ("stall_timeout_seconds", job.StallTimeoutMs / 1000d), ("resume_job_id", job.ResumeJobId),
            ("urgency", job.Urgency), ("queue_timeout_seconds", job.QueueTimeoutMs / 1000d),
            ("idempotent", job.Idempotent), ("on_unknown", job.OnUnknown), ("metadata", job.Metadata is null ? null : JsonNode.Parse(job.Metadata)),
            ("retry", job.Retry is not { } r ? null : new JsonObject
            {
                ["base_delay"] = r.BaseDelayMs / 1000d, ["max_delay"] = r.MaxDelayMs / 1000d, ["multiplier"] = r.Multiplier,
            }),
        };
        var random = new Random(seed);
        var body = new JsonObject();
        foreach (var (name, value) in fields.OrderBy(_ => random.Next()))
            body.Add(name, value);
        return Encoding.UTF8.GetBytes(body.ToJsonString(new JsonSerializerOptions { WriteIndented = seed % 2 == 0 }));
    }

    public static void AssertSame(JobSubmission expected, JobSubmission actual)
    {
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected.Payload), JsonNode.Parse(actual.Payload)));
        Assert.Equal(expected.Metadata is null, actual.Metadata is null);
        if (expected.Metadata is not null)
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected.Metadata), JsonNode.Parse(actual.Metadata!)));
        Assert.Equal(64, actual.BodyHash.Length);
        Assert.Equal(expected with { Payload = Nothing, Metadata = null }, actual with { Payload = Nothing, Metadata = null, BodyHash = "" });
    }

    private static JsonNode? Moment(long? ms, int seed) => ms is not { } value
        ? null
        : seed % 2 == 0 ? value : DateTimeOffset.FromUnixTimeMilliseconds(value).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    private static byte[] Bytes(JsonNode? node) => Encoding.UTF8.GetBytes(node?.ToJsonString() ?? "null");

    private static JsonNode? Members((string Name, JsonNode? Value)[] members)
    {
        var result = new JsonObject();
        foreach (var (name, value) in members)
            result[name] = value?.DeepClone();
        return result;
    }
}

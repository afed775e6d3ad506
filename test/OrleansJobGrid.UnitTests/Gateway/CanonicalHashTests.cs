using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using OrleansJobGrid.Gateway.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class CanonicalHashTests
{
    private static readonly JobIdRule Ids = new(new NoIds(), null);

    [Theory]
    [InlineData("""{"a":1,"b":{"c":[1,2],"d":null}}""", """ { "b" : {"d":null, "c":[1 ,2]}, "a":1 } """)]
    [InlineData("\"\\u0041\\n\"", "\"A\\u000a\"")]
    [InlineData("""{"\u0061":"\/"}""", """{"a":"/"}""")]
    [InlineData("{\"😀\":1,\"\\uffee\":2}", "{\"\\uffee\":2,\"\\ud83d\\ude00\":1}")]
    public void Hash_SameMeaning_IsSame(string left, string right) => Assert.Equal(Of(left), Of(right));

    [Theory]
    [InlineData("1", "1.0")]
    [InlineData("1", "\"1\"")]
    [InlineData("[1,2]", "[2,1]")]
    [InlineData("[[1],2]", "[[1,2]]")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{},"b":1}""")]
    [InlineData("""["a","b"]""", """["ab",""]""")]
    [InlineData("null", "false")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2,"a":1}""")]
    [InlineData("{}", "[]")]
    public void Hash_OtherMeaning_IsOther(string left, string right) => Assert.NotEqual(Of(left), Of(right));

    [Fact]
    public void Hash_SubmissionInAnyOrderOfFieldsAndKeys_IsSame() =>
        Gen.Select(SubmissionGen.Jobs, Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000]).Sample((job, one, other) =>
            Assert.Equal(Read(SubmissionGen.Write(job, one)), Read(SubmissionGen.Write(job with { Payload = Shuffled(job.Payload, other) }, other))));

    [Fact]
    public void Hash_AnotherPayload_IsOther() =>
        Gen.Select(SubmissionGen.Json, SubmissionGen.Json).Sample((a, b) =>
        {
            var (left, right) = (a?.ToJsonString() ?? "null", b?.ToJsonString() ?? "null");
            // The order of keys is the one difference that does not count.
            if (Sorted(a) != Sorted(b))
                Assert.NotEqual(Of(left), Of(right));
            else
                Assert.Equal(Of(left), Of(right));
        });

    [Theory]
    [InlineData("{}", """{"priority":50}""")]
    [InlineData("{}", """{"queue":"default","idempotent":false,"metadata":null}""")]
    [InlineData("""{"timeout_minutes":1}""", """{"timeout_seconds":60}""")]
    [InlineData("""{"deadline":1750000000000}""", """{"deadline":"2025-06-15T15:06:40Z"}""")]
    [InlineData("""{"id":"one"}""", """{"id":"two"}""")]
    public void BodyHash_TheSameJobInOtherWords_IsSame(string left, string right) => Assert.Equal(BodyHash(left), BodyHash(right));

    [Theory]
    [InlineData("{}", """{"priority":51}""")]
    [InlineData("{}", """{"metadata":{}}""")]
    [InlineData("{}", """{"idempotent":true}""")]
    [InlineData("{}", """{"max_retries":0}""")]
    [InlineData("""{"customer_id":"a"}""", """{"workflow_id":"a"}""")]
    [InlineData("""{"not_before":1750000000000}""", """{"deadline":1750000000000}""")]
    [InlineData("""{"timeout_seconds":1}""", """{"queue_timeout_seconds":1}""")]
    [InlineData("""{"retry":{"base_delay":1}}""", """{"retry":{"base_delay":2}}""")]
    [InlineData("""{"on_unknown":"fail"}""", """{"on_unknown":"rerun"}""")]
    [InlineData("""{"workflow_priority":1}""", """{"priority":1}""")]
    public void BodyHash_AnotherJob_IsOther(string left, string right) => Assert.NotEqual(BodyHash(left), BodyHash(right));

    private static string Of(string json)
    {
        using var hash = new CanonicalHash();
        hash.AddJson(Encoding.UTF8.GetBytes(json));
        return hash.Finish();
    }

    private static string BodyHash(string fields) =>
        Read(Encoding.UTF8.GetBytes(("{\"service_required\":\"s\",\"payload\":1," + fields[1..^1]).TrimEnd(',') + "}"));

    private static string Read(byte[] body)
    {
        var reading = JobSubmissionReader.Read(body, Ids, 0);
        Assert.Empty(reading.Errors);
        return reading.Job!.BodyHash;
    }

    private static byte[] Shuffled(byte[] json, int seed) => Encoding.UTF8.GetBytes(Arrange(JsonNode.Parse(json), new Random(seed))?.ToJsonString() ?? "null");

    private static string Sorted(JsonNode? node) => Arrange(node, null)?.ToJsonString() ?? "null";

    private static JsonNode? Arrange(JsonNode? node, Random? random) => node switch
    {
        JsonObject o => new JsonObject((random is null ? o.OrderBy(p => p.Key, StringComparer.Ordinal) : o.OrderBy(_ => random.Next()))
            .Select(p => KeyValuePair.Create(p.Key, Arrange(p.Value, random)))),
        JsonArray a => new JsonArray([.. a.Select(i => Arrange(i, random))]),
        _ => node?.DeepClone(),
    };

    private sealed class NoIds : IJobIdSource
    {
        public string Next() => "none";
    }
}

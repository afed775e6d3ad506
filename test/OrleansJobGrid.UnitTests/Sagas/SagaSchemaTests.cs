using System.Text.Json.Nodes;
using OrleansJobGrid.Sagas.Definitions;
using Xunit;

namespace OrleansJobGrid.UnitTests.Sagas;

/// <summary>The published schema names what the reader takes, no more and no less.</summary>
public sealed class SagaSchemaTests
{
    private static readonly JsonNode Schema = JsonNode.Parse(SagaSchema.Text)!;

    [Theory]
    [InlineData("", "properties", "{\"name\":\"x\",\"steps\":{\"a\":{\"delay\":1}},\"zzz\":1}")]
    [InlineData("steps.a", "$defs/step/properties", "{\"name\":\"x\",\"steps\":{\"a\":{\"delay\":1,\"zzz\":1}}}")]
    [InlineData("steps.a.compensate", "$defs/compensate/properties", "{\"name\":\"x\",\"steps\":{\"a\":{\"delay\":1,\"compensate\":{\"zzz\":1}}}}")]
    [InlineData("steps.a.http", "$defs/http/properties", "{\"name\":\"x\",\"steps\":{\"a\":{\"http\":{\"zzz\":1}}}}")]
    [InlineData("steps.a.saga", "$defs/saga/properties", "{\"name\":\"x\",\"steps\":{\"a\":{\"saga\":{\"zzz\":1}}}}")]
    [InlineData("steps.a.retry", "$defs/retry/properties", "{\"name\":\"x\",\"steps\":{\"a\":{\"http\":{\"url\":\"http://x\"},\"retry\":{\"zzz\":1}}}}")]
    public void Its_fields_are_those_that_the_reader_knows(string place, string path, string definition)
    {
        Assert.Null(SagaReader.Read(definition, out var faults));
        var unknown = Assert.Single(faults, f => f.Field == (place.Length == 0 ? "zzz" : $"{place}.zzz"));
        var known = unknown.Message.Split("known are ")[1].TrimEnd('.').Split(", ");
        var named = path.Split('/').Aggregate(Schema, (at, name) => at[name]!).AsObject().Select(p => p.Key);
        Assert.Equal(known.Order(), named.Order());
    }

    [Fact]
    public void Its_policies_are_those_that_the_reader_knows()
    {
        foreach (var policy in Schema["$defs"]!["policy"]!["enum"]!.AsArray())
            Assert.NotNull(SagaReader.Read($"{{\"name\":\"x\",\"on_failure\":\"{policy}\",\"steps\":{{\"a\":{{\"delay\":1}}}}}}", out _));
        Assert.Equal(Enum.GetNames<FailurePolicy>().Length, Schema["$defs"]!["policy"]!["enum"]!.AsArray().Count);
    }
}

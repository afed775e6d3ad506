using System.Text.Json.Nodes;
using OrleansJobGrid.Sagas.Definitions;
using OrleansJobGrid.Sagas.Planning;
using Xunit;

namespace OrleansJobGrid.UnitTests.Sagas;

public sealed class SagaTemplateTests
{
    private static readonly SagaValues Values = new(() => (JsonObject)JsonNode.Parse("""
        {"input": {"n": 7, "big": 12345678901234567890, "text": "a b", "none": null, "list": [{"x": 1}, {"x": 2}], "when": "2026-01-02T03:04:05Z"}, "steps": {"a": {"output": {"ok": true}}}}
        """)!);

    [Theory]
    [InlineData("{{input.n}}", "7")]
    [InlineData("{{ $.input.n }}", "7")]
    [InlineData("{{input.big}}", "12345678901234567890")]
    [InlineData("{{input.when}}", "\"2026-01-02T03:04:05Z\"")]
    [InlineData("n is {{input.n}}", "\"n is 7\"")]
    [InlineData("{{input.list[*].x}}", "[1,2]")]
    [InlineData("{{input.list[?(@.x > 1)].x}}", "[2]")]
    [InlineData("{{input.list[*].y}}", "[]")]
    [InlineData("{{input.list[0]}}", "{\"x\":1}")]
    [InlineData("{{input.absent|512}}", "512")]
    [InlineData("{{input.absent|plain}}", "\"plain\"")]
    [InlineData("{{input.absent|}}", "\"\"")]
    [InlineData("{{input.none|5}}", "null")]
    [InlineData("{{steps.a.output.ok}} {{input.none}}", "\"true \"")]
    public void A_place_becomes_its_value(string template, string json) => Assert.Equal(json, SagaTemplate.Fill(template, Values)?.ToJsonString() ?? "null");

    [Fact]
    public void A_value_that_is_missing_is_an_error_that_names_it() =>
        Assert.Contains("{{input.absent}} has no value here", Assert.Throws<SagaValueException>(() => SagaTemplate.Fill("{{input.absent}}", Values)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("http://x/{{input.text}}?q={{input.n}}", "http://x/a%20b?q=7")]
    [InlineData("{{input.text}}/{{input.text}}", "a b/a%20b")]
    public void Values_in_an_address_are_escaped_but_for_one_that_begins_it(string template, string url) => Assert.Equal(url, SagaTemplate.Url(template, Values));

    [Fact]
    public void Ids_of_work_are_made_of_saga_and_unit_and_fit()
    {
        var key = new UnitKey("render-all", 12, true, 3);
        Assert.Equal("order-1:render-all.12.undo-3", SagaWorkIds.Of("order-1", key));
        Assert.Equal(key, SagaWorkIds.KeyOf("order-1", "order-1:render-all.12.undo-3"));
        Assert.Null(SagaWorkIds.KeyOf("order-2", "order-1:render-all.12.undo-3"));
        Assert.Null(SagaWorkIds.KeyOf("order-1", "order-1"));
        Assert.Equal("order-1:render-all.12.undo", SagaWorkIds.CallOf("order-1", key));
        var (a, b) = (new string('a', 100), new string('a', 99) + "b");
        Assert.InRange(SagaWorkIds.Of(a, key).Length, 1, 100);
        Assert.NotEqual(SagaWorkIds.Of(a, key), SagaWorkIds.Of(b, key));
        Assert.Equal(key, SagaWorkIds.KeyOf(a, SagaWorkIds.Of(a, key)));
    }
}

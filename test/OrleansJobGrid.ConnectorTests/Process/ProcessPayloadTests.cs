using System.Text.Json;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Processes;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Processes;

public sealed class ProcessPayloadTests
{
    [Theory]
    [InlineData("[]", "payload is a JSON object")]
    [InlineData("{}", "payload.command is required")]
    [InlineData("""{"command": 1}""", "payload.command is a text")]
    [InlineData("""{"command": "a", "shell": true}""", "payload.shell is not known")]
    [InlineData("""{"command": "a", "args": "x"}""", "payload.args is an array")]
    [InlineData("""{"command": "a", "args": [1]}""", "payload.args[0] is a text")]
    [InlineData("""{"command": "a", "args": ["x\u0000"]}""", "payload.args[0] holds a NUL")]
    [InlineData("""{"command": "a", "stdin": []}""", "payload.stdin is a text")]
    [InlineData("""{"command": "a", "env": ["A"]}""", "payload.env is an object")]
    [InlineData("""{"command": "a", "env": {"A=B": ""}}""", "payload.env.A=B")]
    [InlineData("""{"command": "a", "env": {"1A": ""}}""", "payload.env.1A")]
    [InlineData("""{"command": "a", "env": {"A": "1", "A": "2"}}""", "payload.env.A is there twice")]
    [InlineData("""{"command": "a", "outputs": ["../x"]}""", "payload.outputs: '../x'")]
    [InlineData("""{"command": "a", "outputs": [".."]}""", "payload.outputs: '..'")]
    [InlineData("""{"command": "a", "outputs": ["/etc/passwd"]}""", "payload.outputs: '/etc/passwd'")]
    [InlineData("""{"command": "a", "outputs": ["x", "x"]}""", "payload.outputs names a file twice")]
    [InlineData("""{"command": "a", "inputs": {"a/b": "id"}}""", "payload.inputs: 'a/b'")]
    public void Parse_WrongField_IsNamed(string json, string message) =>
        Assert.StartsWith(message, Assert.Throws<InvalidPayloadException>(() => ProcessPayload.Parse(JsonDocument.Parse(json).RootElement)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("progress: 40", 40, null)]
    [InlineData("progress: 12.5 loading the model", 12.5, "loading the model")]
    [InlineData("progress:100", 100, null)]
    public void TryReadProgress_ProgressLine_IsRead(string line, double percent, string? message)
    {
        Assert.True(CapturedOutput.TryReadProgress(line, out var read, out var text));
        Assert.Equal((percent, message), (read, text));
    }

    [Theory]
    [InlineData("progress: 101")]
    [InlineData("progress: -1")]
    [InlineData("progress: NaN")]
    [InlineData("progress:")]
    [InlineData("Progress: 5")]
    [InlineData("some progress: 5")]
    public void TryReadProgress_OtherLine_IsNot(string line) => Assert.False(CapturedOutput.TryReadProgress(line, out _, out _));

    /// <summary>A job's record is bounded, so the bound is on the JSON that the text becomes.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("\u0001")]
    [InlineData("é")]
    [InlineData("\U0001F600")]
    [InlineData("\"")]
    public void End_WhateverTheCharacters_FitsAsJson(string character)
    {
        var output = new CapturedOutput(1024, null);
        output.Append(System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(character, 3000))));
        var (text, truncated) = output.End();
        Assert.True(truncated);
        Assert.InRange(JsonSerializer.Serialize(text).Length, 900, 1026);
        Assert.Equal("", text.Replace(character, "", StringComparison.Ordinal));
    }
}

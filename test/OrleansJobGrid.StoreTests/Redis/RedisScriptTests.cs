using System.Text.RegularExpressions;
using OrleansJobGrid.Storage.Redis;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>No script uses a key that is not in KEYS.</summary>
public sealed partial class RedisScriptTests
{
    // Commands without a key.
    private static readonly string[] Keyless = ["TIME"];

    public static TheoryData<string> Names => [.. RedisScript.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryKeyIsTakenFromKeys(string name)
    {
        var text = RedisScript.All.Single(s => s.Name == name).Text;
        var code = string.Join('\n', text.Split('\n').Where(line => !line.TrimStart().StartsWith("--", StringComparison.Ordinal)));
        var declared = Aliases().Matches(code).SelectMany(m => m.Groups[1].Value.Split(',').Zip(m.Groups[2].Value.Split(',')))
            .Select(pair => (Name: pair.First.Trim(), Value: pair.Second.Trim()))
            .Where(pair => pair.Value.StartsWith("KEYS[", StringComparison.Ordinal)).Select(pair => pair.Name).ToHashSet();
        // `key` and `command` are the parameters of the script's own functions, whose callers are looked at as well.
        var calls = Calls().Matches(code).Select(m => (Command: m.Groups[1].Value, Key: m.Groups[2].Value)).ToList();
        Assert.NotEmpty(calls);
        foreach (var (command, key) in calls.Where(c => !Keyless.Contains(c.Command)))
            Assert.True(
                key == "key" || declared.Contains(key) || key.StartsWith("KEYS[", StringComparison.Ordinal),
                $"{name}.lua: {command} uses '{key}', which is not from KEYS.");
        foreach (Match assignment in KeyAssignments().Matches(code))
            Assert.StartsWith("KEYS[", assignment.Groups[1].Value, StringComparison.Ordinal);
        foreach (var part in new[] { "-- KEYS", "-- Promise:", "-- gives", $"-- {name}: " })
            Assert.Contains(part, text, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"local ([A-Z_, ]+) = (KEYS[^\n]*)")]
    private static partial Regex Aliases();

    [GeneratedRegex(@"\b(?:call|many|wrong)\((?:(?:'(\w+)'|command), )?([\w\[\].]+)")]
    private static partial Regex Calls();

    [GeneratedRegex(@"\bkey = (\S+)")]
    private static partial Regex KeyAssignments();
}

using System.Text.RegularExpressions;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

/// <summary><c>docs/job-states.md</c> says what <see cref="JobTransitions"/> does.</summary>
public sealed partial class JobStatesDocumentTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Root(), "docs", "job-states.md"));

    [Fact]
    public void The_diagram_draws_every_edge_of_the_table_and_no_other()
    {
        var drawn = Edges().Where(e => e.To != "[*]").Select(e => $"{e.From} --> {e.To} : {e.By}").ToList();
        var table = JobTransitions.All.Select(t => $"{t.From?.Name() ?? "[*]"} --> {t.To.Name()} : {Name(t.By)}");

        Assert.Equal(table.Order(StringComparer.Ordinal), drawn.Order(StringComparer.Ordinal));
        Assert.Equal(drawn.Count, drawn.Distinct().Count());
    }

    [Fact]
    public void The_diagram_lets_the_wheel_take_final_jobs_out_and_an_operator_dead_letters()
    {
        var final = JobStatusNames.All.Where(s => s.IsFinal()).Select(s => (s.Name(), "wheel"));
        var dead = JobStatusNames.All.Where(s => s.IsDeadLetter()).Select(s => (s.Name(), "operator"));
        Assert.Equal(final.Concat(dead).Order(), Edges().Where(e => e.To == "[*]").Select(e => (e.From, e.By)).Order());
    }

    [Fact]
    public void The_table_of_states_names_each_state_and_everybody_who_moves_it_on()
    {
        foreach (var status in JobStatusNames.All)
        {
            var row = Assert.Single(Lines, l => l.StartsWith($"| `{status.Name()}` |", StringComparison.Ordinal));
            var movers = row.Split('|')[3];
            var leaves = JobTransitions.All.Where(t => t.From == status).Select(t => t.By);
            var expected = (status.IsFinal() ? leaves.Append(Mover.Wheel) : leaves).Distinct();
            Assert.Equal(expected.Select(Name).Order(), MoverOf().Matches(movers).Select(m => m.Groups[1].Value).Order());
        }
    }

    private static List<(string From, string To, string By)> Edges()
    {
        var begin = Array.IndexOf(Lines, "```mermaid");
        var end = Array.IndexOf(Lines, "```", begin);
        Assert.Equal("stateDiagram-v2", Lines[begin + 1].Trim());
        return [.. Lines[(begin + 2)..end].Where(l => l.Length > 0).Select(line =>
        {
            var match = EdgeOf().Match(line);
            Assert.True(match.Success, $"'{line}' is no edge with its mover");
            return (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        })];
    }

    private static string Name(Mover mover) => mover.ToString().ToLowerInvariant();

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansJobGrid.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds OrleansJobGrid.sln.");
    }

    [GeneratedRegex(@"^\s+(\S+) --> (\S+) : (\w+)$")]
    private static partial Regex EdgeOf();

    [GeneratedRegex(@"(\w+):")]
    private static partial Regex MoverOf();
}

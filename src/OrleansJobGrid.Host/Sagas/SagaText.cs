using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Commands;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansJobGrid.Host.Sagas;

/// <summary>A saga for a person.</summary>
internal static class SagaText
{
    /// <summary>Units shown one by one; of more only those that are not over and well.</summary>
    private const int FewUnits = 8;

    /// <summary>The saga as a tree: its steps in their order, under each its starts.</summary>
    public static Tree TreeOf(Saga saga)
    {
        var tree = new Tree(new Markup($"[bold]{Safe(saga.Name ?? "saga")}[/] {Safe(saga.Id)}  {Coloured(saga.Status)}{(saga.Paused == true ? " [yellow](paused)[/]" : "")}{Why(saga.Reason)}"));
        foreach (var step in saga.Steps)
        {
            var over = step.Units.Count(u => u.Status is "completed" or "failed" or "cancelled");
            var count = step.ForEach == true && step.Units.Count > 0 ? $" {over}/{step.Units.Count}" : "";
            var node = tree.AddNode(new Markup($"{Safe(step.Name)} [grey]{Safe(step.Kind ?? "")}[/]  {Coloured(step.Status)}{count}{Why(step.Status is "failed" or "skipped" ? step.Error : null)}"));
            foreach (var (unit, i) in step.Units.Select((u, i) => (u, i)))
            {
                if (step.Units.Count > FewUnits && unit is { Status: "completed" or "pending", Undo: null })
                    continue;
                if (Line(step, unit, i) is { } line)
                    node.AddNode(new Markup(line));
            }
        }

        return tree;
    }

    /// <summary>The same as plain text.</summary>
    public static void Write(TextWriter output, Saga saga)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 160;
        console.Write((IRenderable)TreeOf(saga));
    }

    /// <summary>The graph as a flowchart of Mermaid (https://mermaid.js.org), its states as classes.</summary>
    public static string MermaidOf(Saga saga)
    {
        var text = new System.Text.StringBuilder("flowchart LR\n");
        foreach (var step in saga.Steps)
        {
            var units = step.ForEach == true ? $" ×{(step.Units.Count == 0 ? "n" : step.Units.Count)}" : "";
            var undone = step.Units.Count(u => u.Undo is "done") is > 0 and var n ? $"<br/>undone{(step.Units.Count > 1 ? $" {n}/{step.Units.Count}" : "")}" : "";
            text.Append($"    s_{step.Name.Replace('-', '_')}[\"{step.Name}{units}<br/>{step.Kind}{undone}\"]:::{step.Status}\n");
            foreach (var need in step.Needs)
                text.Append($"    s_{need.Replace('-', '_')} --> s_{step.Name.Replace('-', '_')}\n");
        }

        return text.Append("""
                classDef pending fill:#eee,stroke:#999
                classDef running fill:#cfe2ff,stroke:#0d6efd
                classDef completed fill:#d1e7dd,stroke:#198754
                classDef failed fill:#f8d7da,stroke:#dc3545
                classDef skipped fill:#fff,stroke:#ccc,stroke-dasharray: 4

            """).ToString();
    }

    private static string? Line(SagaStep step, SagaUnit unit, int index)
    {
        var name = step.ForEach == true ? $"#{index} " : "";
        var what = unit.WorkId is { } id ? Safe(id) : step.Kind == "signal" && unit.Status == "running" ? "waits for its signal" : unit.DueAt is { } due && step.Kind == "delay" ? $"until {JobText.Time(due)}" : "";
        var tries = unit.Tries > 1 ? $" try {unit.Tries}" : "";
        var undo = unit.Undo is { } undoing ? $"  undo {Coloured(undoing)}{Why(unit.UndoError)}" : "";
        var line = $"{name}{Coloured(unit.Status)}{tries} {what}{Why(unit.Status is "completed" or "running" ? null : unit.Error)}{undo}";
        return step.ForEach == true || unit.WorkId is not null || unit.Undo is not null || what.Length > 0 || tries.Length > 0 ? line : null;
    }

    private static string Why(string? reason) => string.IsNullOrEmpty(reason) ? "" : $": {Safe(reason)}";

    private static string Coloured(string status) => status switch
    {
        "completed" or "done" => $"[green]{status}[/]",
        "running" => $"[blue]{status}[/]",
        "failed" or "parked" or "compensated" => $"[red]{status}[/]",
        "retrying" or "compensating" => $"[yellow]{status}[/]",
        _ => Safe(status),
    };

    private static string Safe(string text) => Markup.Escape(Printable.Of(text));
}

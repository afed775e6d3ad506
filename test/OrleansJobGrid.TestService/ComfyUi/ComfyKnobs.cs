using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.TestService.ComfyUi;

/// <summary>What a test sees of the server and turns at it; lives over its restarts.</summary>
public sealed class ComfyKnobs
{
    private readonly Action<string>? _log;

    /// <summary>Without a log.</summary>
    public ComfyKnobs()
        : this(null)
    {
    }

    /// <summary>Tells each begin and end of an execution: <c>START|END|BROKEN mark job</c>.</summary>
    public ComfyKnobs(Action<string>? log) => _log = log;

    /// <summary>From the last message but one of a prompt until the history has it.</summary>
    public TimeSpan HistoryDelay { get; set; } = TimeSpan.FromMilliseconds(30);

    /// <summary>Called at each step of <c>TestSlow</c>, with the prompt's id.</summary>
    public Func<string, int, CancellationToken, Task> OnStep { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Called for each request with its method and path; true: the connection is cut instead of an answer, after the request was carried out where it says so.</summary>
    public Func<string, string, ComfyCut> OnRequest { get; set; } = (_, _) => ComfyCut.None;

    /// <summary>Checkpoints that it has.</summary>
    public IReadOnlyList<string> Checkpoints { get; set; } = [];

    /// <summary>The marks of prompts that began, in order; the server's own id where there is none.</summary>
    public ConcurrentQueue<string> Executions { get; } = new();

    /// <summary>Each request's method and path, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    internal void Begun(ComfyItem item)
    {
        Executions.Enqueue(MarkOf(item));
        _log?.Invoke($"START {MarkOf(item)} {JobOf(item)}");
    }

    internal void Ended(ComfyItem item, bool failed) => _log?.Invoke($"{(failed ? "BROKEN" : "END")} {MarkOf(item)} {JobOf(item)}");

    internal Task Step(ComfyItem item, int step, CancellationToken cancellationToken) => OnStep(item.Id, step, cancellationToken);

    private static string MarkOf(ComfyItem item) => item.ExtraData["jobgrid"]?["id"]?.GetValue<string>() ?? item.Id;

    private static string JobOf(ComfyItem item) => item.ExtraData["jobgrid"] is JsonObject mark ? mark["job"]!.GetValue<string>() : "-";
}

/// <summary>What becomes of a request.</summary>
public enum ComfyCut
{
    /// <summary>It is answered.</summary>
    None,

    /// <summary>It is carried out, and the connection cut in place of the answer.</summary>
    Answer,

    /// <summary>The connection is cut before anything is done.</summary>
    Request,
}

using System.Text.Json.Nodes;

namespace OrleansJobGrid.Sagas.Definitions;

/// <summary>A workflow as it was defined: an acyclic graph of steps, and what is to happen when one fails.</summary>
public sealed record SagaDefinition
{
    /// <summary>1 to 64 of <c>A-Za-z0-9._-</c>.</summary>
    public required string Name { get; init; }

    /// <summary>For a person; null: none.</summary>
    public string? Description { get; init; }

    /// <summary>Longest time of the whole, 1 s to 365 days. Default 7 days. Over it, the saga fails by <see cref="OnFailure"/>, and what runs is stopped.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromDays(7);

    /// <summary>What follows from a step that failed for good, where the step says nothing else. Default <see cref="FailurePolicy.Compensate"/>.</summary>
    public FailurePolicy OnFailure { get; init; }

    /// <summary>In the order of the definition; names are unique.</summary>
    public required IReadOnlyList<SagaStep> Steps { get; init; }

    /// <summary>Template of the saga's output; null: the outputs of its steps by name.</summary>
    public JsonNode? Output { get; init; }

    /// <summary>The definition itself as JSON, without comments and positions.</summary>
    public required string Json { get; init; }

    /// <summary>The step of that name.</summary>
    public SagaStep Step(string name) => Steps.First(s => s.Name == name);
}

/// <summary>A step of a saga.</summary>
public sealed record SagaStep
{
    /// <summary>1 to 48 of <c>A-Za-z0-9_-</c>, beginning with a letter.</summary>
    public required string Name { get; init; }

    /// <summary>Steps that must have ended well before it starts.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>What it does.</summary>
    public required StepAction Action { get; init; }

    /// <summary>Template whose value decides whether the step is done at all: absent, <c>null</c>, <c>false</c>, 0, "" and [] skip it. Null: it is.</summary>
    public string? If { get; init; }

    /// <summary>Template of a list: the step is done for each entry, which is <c>item</c> in its templates, its place from 0 <c>index</c>. Null: once.</summary>
    public JsonNode? ForEach { get; init; }

    /// <summary>How many entries of <see cref="ForEach"/> are under way at once, 1 to 1,000. Default 10.</summary>
    public int Concurrency { get; init; } = 10;

    /// <summary>Longest time of one try, 1 s to 365 days; null: that of the job, the saga or the call itself.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Tries of the step. Default one: jobs have retries of their own.</summary>
    public StepRetry Retry { get; init; } = new(1);

    /// <summary>Null: the saga's.</summary>
    public FailurePolicy? OnFailure { get; init; }

    /// <summary>What undoes it; null: it needs no undoing.</summary>
    public Compensation? Compensate { get; init; }
}

/// <summary>What undoes a step: done once for each start of it, in reverse order of the starts. It must bear being done for a step that failed half way.</summary>
/// <param name="Action">A job, an HTTP call or a child saga.</param>
/// <param name="Retry">Its tries; then it waits for an operator. Default 5.</param>
/// <param name="Timeout">Longest time of one try; null: that of the action itself.</param>
public sealed record Compensation(StepAction Action, StepRetry Retry, TimeSpan? Timeout);

/// <summary>Tries, with exponential backoff between them.</summary>
/// <param name="Attempts">1 to 1,000.</param>
/// <param name="BaseDelay">The first pause, up to 7 days. Default 1 s.</param>
/// <param name="MaxDelay">The longest pause, up to 7 days. Default 5 min.</param>
/// <param name="Multiplier">Growth of the pauses, 1 to 10. Default 2.</param>
public sealed record StepRetry(int Attempts, TimeSpan? BaseDelay = null, TimeSpan? MaxDelay = null, double Multiplier = 2)
{
    /// <summary>The pause after this many failed tries.</summary>
    public TimeSpan PauseAfter(int tries)
    {
        var (first, longest) = (BaseDelay ?? TimeSpan.FromSeconds(1), MaxDelay ?? TimeSpan.FromMinutes(5));
        var pause = first.TotalMilliseconds * Math.Pow(Multiplier, Math.Min(tries - 1, 1_000));
        return pause >= longest.TotalMilliseconds ? longest : TimeSpan.FromMilliseconds(pause);
    }
}

/// <summary>What follows from a step that failed for good.</summary>
public enum FailurePolicy
{
    /// <summary>Nothing more is started; when what runs has ended, all that was started is undone.</summary>
    Compensate,

    /// <summary>The same, and what runs is stopped at once.</summary>
    CancelSiblings,

    /// <summary>What needs the step is skipped; everything else goes on.</summary>
    Continue,

    /// <summary>Nothing more is started and nothing undone: an operator retries the failed step alone, or cancels.</summary>
    Hold,
}

/// <summary>What a step does.</summary>
public abstract record StepAction
{
    private StepAction()
    {
    }

    /// <summary>A job of the grid.</summary>
    /// <param name="Body">Template of a job as <c>POST /api/jobs</c> takes it, without an id.</param>
    public sealed record Job(JsonObject Body) : StepAction;

    /// <summary>An HTTP request by the grid, with a key of the step in its <c>Idempotency-Key</c>: a repetition has the same one.</summary>
    /// <param name="Method">Such as <c>POST</c>.</param>
    /// <param name="Url">Template of an absolute address.</param>
    /// <param name="Headers">Templates by name.</param>
    /// <param name="Body">Template of a JSON body; null: none.</param>
    /// <param name="Accept">Status codes that are a success; empty: all from 200 to 299.</param>
    public sealed record Http(string Method, string Url, IReadOnlyDictionary<string, string> Headers, JsonNode? Body, IReadOnlyList<int> Accept) : StepAction;

    /// <summary>Waits for a signal from outside, such as an approval; its payload is the output.</summary>
    /// <param name="Name">The signal's name.</param>
    public sealed record Signal(string Name) : StepAction;

    /// <summary>Waits for a time.</summary>
    /// <param name="For">Up to 365 days.</param>
    public sealed record Delay(TimeSpan For) : StepAction;

    /// <summary>Another saga, whose output is the step's.</summary>
    /// <param name="Name">A registered definition.</param>
    /// <param name="Version">Its version; null: the newest when the step starts.</param>
    /// <param name="Input">Template of its input; null: none.</param>
    public sealed record Saga(string Name, int? Version, JsonNode? Input) : StepAction;
}

/// <summary>A saga as it is submitted.</summary>
/// <param name="Definition">What came along; null: a registered one is meant.</param>
/// <param name="Name">Name of a registered definition; null: it came along.</param>
/// <param name="Version">Its version; null: the newest.</param>
/// <param name="Input">What templates know as <c>input</c>; null: none.</param>
/// <param name="Id">1 to 100 of <c>A-Za-z0-9._:-</c>; null: one is made.</param>
/// <param name="CustomerId">Whose it is, and its jobs are; null: nobody's.</param>
public sealed record SagaRequest(SagaDefinition? Definition, string? Name, int? Version, JsonNode? Input, string? Id, string? CustomerId)
{
    /// <summary>Files of the submitter's machine that are to be uploaded: their artefacts become fields of the input.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SagaFile>> Files { get; init; } = new Dictionary<string, IReadOnlyList<SagaFile>>();
}

/// <summary>A file that a submission names.</summary>
/// <param name="Path">As it stands there.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="InList">Whether its field is a list.</param>
public sealed record SagaFile(string Path, int Line, int Column, bool InList);

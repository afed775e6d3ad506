using System.Text.Json.Nodes;
using OrleansJobGrid.Sagas.Definitions;

namespace OrleansJobGrid.Sagas.Planning;

/// <summary>
/// Decides what becomes of a saga: from its state, something that happened and the time it makes the next state, and says what is to be under way
/// then. It knows no store, no clock and no grain. Whoever asks writes the state first and then sees to it that what
/// <see cref="Work"/> names is under way, again and again if need be: names do not change, so nothing is begun twice.
/// </summary>
public sealed partial class SagaPlan
{
    /// <summary>Most entries of a <c>for_each</c>: the state of all of them is one record.</summary>
    public const int MaxItems = 500;

    private const long FirstCheckMs = 5_000;
    private const long LongestCheckMs = 15_000;

    /// <summary>One that only waits has nothing that could be lost.</summary>
    private const long IdleCheckMs = 86_400_000;

    private readonly SagaDefinition _definition;
    private readonly string _sagaId;
    private readonly long _now;
    private readonly SagaRun _before;
    private readonly StepRun[] _steps;
    private readonly List<SagaHappening> _happened = [];
    private SagaRun _run;

    /// <summary>Begins to decide.</summary>
    /// <param name="definition">The saga's own definition.</param>
    /// <param name="sagaId">Its id.</param>
    /// <param name="run">Its state.</param>
    /// <param name="now">Unix ms.</param>
    public SagaPlan(SagaDefinition definition, string sagaId, SagaRun run, long now)
    {
        (_definition, _sagaId, _run, _before, _now) = (definition, sagaId, run, run, now);
        _steps = [.. run.Steps];
    }

    /// <summary>The state after what was decided.</summary>
    public SagaRun Run => _happened.Count == 0 && ReferenceEquals(_run, _before) ? _before : _run with { Steps = [.. _steps], EventCount = _before.EventCount + _happened.Count };

    /// <summary>What happened by it, in order.</summary>
    public IReadOnlyList<SagaHappening> Happened => _happened;

    /// <summary>Whether anything is to be written.</summary>
    public bool Changed => _happened.Count > 0 || !ReferenceEquals(_run, _before);

    /// <summary>The first state of a saga, with nothing under way yet.</summary>
    public static SagaRun Begin(SagaDefinition definition, JsonNode? input, string bodyHash, long now, long sequence = 0) => new()
    {
        Status = SagaStatus.Running,
        Definition = (JsonObject)JsonNode.Parse(definition.Json)!,
        Input = input,
        BodyHash = bodyHash,
        Steps = [.. definition.Steps.Select(s => new StepRun { Name = s.Name, Status = StepStatus.Pending })],
        Sequence = sequence,
        CreatedAt = now,
        Deadline = now + (long)definition.Timeout.TotalMilliseconds,
    };

    /// <summary>Everything that is to be under way or to be stopped outside of the saga.</summary>
    public static IEnumerable<SagaWork> Work(SagaDefinition definition, SagaRun run)
    {
        if (run.IsOver)
            yield break;
        foreach (var step in run.Steps)
        {
            for (var i = 0; i < step.Units.Count; i++)
            {
                var unit = step.Units[i];
                if (unit is { Status: UnitStatus.Running, Request: { } request } && KindOf(definition.Step(step.Name).Action) is { } kind)
                    yield return new(new(step.Name, i, false, unit.Try), kind, request, unit.Stop);
                if (unit.Undo is { Status: UndoStatus.Running, Request: { } undoing } undo)
                    yield return new(new(step.Name, i, true, undo.Try), KindOf(definition.Step(step.Name).Compensate!.Action)!, undoing, undo.Stop);
            }
        }
    }

    /// <summary>When it has to be looked at next, Unix ms.</summary>
    public static long NextDue(SagaDefinition definition, SagaRun run)
    {
        if (run.IsOver)
            return run.FinishedAt!.Value + run.KeepMs;
        var due = run is { Status: SagaStatus.Running, Cancel: null } ? run.Deadline : long.MaxValue;
        foreach (var unit in run.Steps.SelectMany(s => s.Units))
        {
            if (unit.DueAt is { } at && (unit.Status == UnitStatus.Running || (unit.Status == UnitStatus.Retrying && run is { Paused: false, Status: SagaStatus.Running })))
                due = Math.Min(due, at);
            if (unit.Undo is { DueAt: { } undoAt, Status: var undo } && (undo == UndoStatus.Running || (undo == UndoStatus.Retrying && run is { Paused: false, Status: SagaStatus.Compensating })))
                due = Math.Min(due, undoAt);
        }

        return Math.Min(due, run.CheckAt);
    }

    /// <summary>Starts what can be started.</summary>
    public SagaPlan Start()
    {
        Note(new("started"));
        return Advance();
    }

    /// <summary>A try ended. One that is not under way any more changes nothing.</summary>
    public SagaPlan Ended(UnitKey key, UnitEnd end)
    {
        var at = Array.FindIndex(_steps, s => s.Name == key.Step);
        if (at < 0 || key.Unit < 0 || key.Unit >= _steps[at].Units.Count)
            return this;
        var unit = _steps[at].Units[key.Unit];
        if (key.Undo)
        {
            if (unit.Undo is { Status: UndoStatus.Running } undo && undo.Try == key.Try)
                UndoEnded(at, key.Unit, undo, end);
        }
        else if (unit.Status == UnitStatus.Running && unit.Try == key.Try)
        {
            TryEnded(at, key.Unit, end);
        }

        return Advance();
    }

    /// <summary>A signal from outside: for all steps that wait for it, now or later; the latest of its name counts.</summary>
    public SagaPlan Signal(string name, JsonNode? payload)
    {
        if (_run.IsOver)
            return this;
        Note(new("signal_received", Reason: name));
        _run = _run with { Signals = new Dictionary<string, JsonNode?>(_run.Signals ?? new Dictionary<string, JsonNode?>()) { [name] = payload } };
        for (var s = 0; s < _steps.Length; s++)
        {
            for (var u = 0; u < _steps[s].Units.Count && _definition.Steps[s].Action is StepAction.Signal awaited && awaited.Name == name; u++)
            {
                if (_steps[s].Units[u].Status == UnitStatus.Running)
                    TryEnded(s, u, new(payload));
            }
        }

        return Advance();
    }

    /// <summary>Time has passed.</summary>
    public SagaPlan Due()
    {
        if (_run is { Status: SagaStatus.Running, Cancel: null } && _run.Deadline <= _now)
        {
            var reason = $"It was not done within {_definition.Timeout}.";
            Note(new("deadline_passed", Reason: reason));
            _run = _run with { Cancel = new(Compensate: true, reason, ByDeadline: true) };
        }

        for (var s = 0; s < _steps.Length; s++)
        {
            for (var u = 0; u < _steps[s].Units.Count; u++)
                UnitDue(s, u);
        }

        if (_run.CheckAt <= _now && !_run.IsOver)
        {
            var pause = Work(_definition, Run).Any() ? Math.Min(LongestCheckMs, Math.Max(FirstCheckMs, _run.CheckPauseMs * 2)) : IdleCheckMs;
            _run = _run with { CheckAt = _now + pause, CheckPauseMs = pause };
        }

        return Advance();
    }

    /// <summary>Somebody asks for its end. Nothing where it is over, or asked for already.</summary>
    public SagaPlan Cancel(bool compensate, string reason)
    {
        if (_run.IsOver || _run.Cancel is not null || _run.Status == SagaStatus.Compensating)
            return this;
        Note(new("cancel_requested", Reason: reason));
        _run = _run with { Cancel = new(compensate, reason), Paused = false };
        if (_run.Status == SagaStatus.Parked)
            _run = _run with { Status = SagaStatus.Running };
        return Advance();
    }

    /// <summary>Its state has become too large to be kept: it ends, and what was started is undone.</summary>
    public SagaPlan Overgrown(string reason)
    {
        Note(new("overgrown", Reason: reason));
        _run = _run with { Cancel = new(Compensate: true, reason, ByDeadline: true), Reason = _run.Reason ?? reason, Signals = null };
        return Advance();
    }

    /// <summary>Nothing more is started until it is resumed; what runs goes on.</summary>
    public SagaPlan Pause(string reason)
    {
        if (_run.IsOver || _run.Paused)
            return this;
        Note(new("paused", Reason: reason));
        _run = _run with { Paused = true };
        return this;
    }

    /// <summary>Goes on.</summary>
    public SagaPlan Resume(string reason)
    {
        if (!_run.Paused)
            return this;
        Note(new("resumed", Reason: reason));
        _run = _run with { Paused = false };
        return Due();
    }

    /// <summary>
    /// Does failed steps anew, and only those, their tries counted from the start: of a saga that is parked, that failed with nothing undone, or that
    /// completed with failed steps; of one that is parked in its undoing, the undoing that failed.
    /// </summary>
    /// <param name="step">One step; null: all that failed.</param>
    /// <param name="reason">Why.</param>
    /// <returns>Why it cannot be; null: it is done.</returns>
    public string? Retry(string? step, string reason)
    {
        if (step is not null && !_steps.Any(s => s.Name == step))
            return $"There is no step '{step}'.";
        if (_steps.Any(s => s.Units.Any(u => u.Undo is { Status: UndoStatus.Failed })))
            return RetryUndo(step, reason);
        if (_run is { Parent: { } parent, IsOver: true })
            return $"It is a step of saga '{parent.SagaId}', which has gone on with its end: retry the step there.";
        if (_run.Status is not (SagaStatus.Parked or SagaStatus.Failed or SagaStatus.Completed))
            return _run.Status is SagaStatus.Compensated or SagaStatus.Cancelled or SagaStatus.Compensating
                ? "What it did is undone or was cancelled: submit it anew." : "It is under way; steps are retried when they have failed.";
        var failed = _steps.Where(s => s.Status == StepStatus.Failed && (step is null || s.Name == step)).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        if (failed.Count == 0)
            return step is null ? "None of its steps failed." : $"Step '{step}' did not fail.";
        Note(new("retried", step, Reason: reason));
        for (var s = 0; s < _steps.Length; s++)
        {
            // Others that were stopped for its sake, and those that could not start without it.
            if (failed.Contains(_steps[s].Name) || (_steps[s].Status == StepStatus.Skipped && _steps[s].Error is not null) || _steps[s].Units.Any(u => u.Status == UnitStatus.Cancelled))
                _steps[s] = Again(_steps[s]);
        }

        _run = _run with
        {
            Status = SagaStatus.Running,
            Reason = null,
            FinishedAt = null,
            Output = null,
            Cancel = null,
            Deadline = Math.Max(_run.Deadline, _now + (long)_definition.Timeout.TotalMilliseconds),
        };
        Advance();
        return null;
    }

    /// <summary>An operator says that an undoing which failed is not needed, or was done by hand.</summary>
    /// <returns>Why it cannot be; null: it is done.</returns>
    public string? SkipUndo(string step, string reason)
    {
        var at = Array.FindIndex(_steps, s => s.Name == step);
        if (at < 0)
            return $"There is no step '{step}'.";
        if (!_steps[at].Units.Any(u => u.Undo is { Status: UndoStatus.Failed }))
            return $"No undoing of step '{step}' has failed.";
        Note(new("undo_skipped", step, Reason: reason));
        _steps[at] = _steps[at] with { Units = [.. _steps[at].Units.Select(u => u.Undo is { Status: UndoStatus.Failed } undo ? u with { Undo = undo with { Status = UndoStatus.Skipped, EndedAt = _now } } : u)] };
        _run = _run with { Status = SagaStatus.Compensating };
        Advance();
        return null;
    }

    private string? RetryUndo(string? step, string reason)
    {
        if (step is not null && !_steps.Any(s => s.Name == step && s.Units.Any(u => u.Undo is { Status: UndoStatus.Failed })))
            return $"No undoing of step '{step}' has failed.";
        Note(new("undo_retried", step, Reason: reason));
        for (var s = 0; s < _steps.Length; s++)
        {
            if (step is null || _steps[s].Name == step)
                _steps[s] = _steps[s] with { Units = [.. _steps[s].Units.Select(u => u.Undo is { Status: UndoStatus.Failed } undo ? u with { Undo = undo with { Status = UndoStatus.Retrying, DueAt = _now, TriesBefore = undo.Try } } : u)] };
        }

        _run = _run with { Status = SagaStatus.Compensating };
        Due();
        return null;
    }

    private static StepRun Again(StepRun step) => step with
    {
        Status = step.Units.Count == 0 || step.Units.All(u => u.Start is null) ? StepStatus.Pending : StepStatus.Running,
        Error = null,
        Units = step.Units.All(u => u.Start is null) ? [] :
        [
            .. step.Units.Select(u => u.Status is UnitStatus.Failed or UnitStatus.Cancelled
                ? u with { Status = UnitStatus.Pending, TriesBefore = u.Try, Stop = null, Error = null, EndedAt = null, DueAt = null } : u),
        ],
    };

    private static string? KindOf(StepAction action) => action switch
    {
        StepAction.Job => "job",
        StepAction.Http => "http",
        StepAction.Saga => "saga",
        _ => null,
    };

    private void Note(SagaHappening happening) => _happened.Add(happening);

    private void Set(int step, int unit, UnitRun now)
    {
        var units = _steps[step].Units.ToArray();
        units[unit] = now;
        _steps[step] = _steps[step] with { Units = units };
    }

    private int? ItemOf(int step, int unit) => _definition.Steps[step].ForEach is null ? null : unit;
}

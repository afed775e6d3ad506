using System.Text.Json.Nodes;
using OrleansJobGrid.Sagas.Definitions;

namespace OrleansJobGrid.Sagas.Planning;

/// <summary>Steps: what starts, what a try's end means, and when all is over.</summary>
public sealed partial class SagaPlan
{
    private SagaPlan Advance()
    {
        var before = -1;
        while (before != _happened.Count && !_run.IsOver)
        {
            before = _happened.Count;
            if (_run.Status == SagaStatus.Running)
                AdvanceSteps();
            if (_run.Status == SagaStatus.Compensating)
                AdvanceUndoing();
        }

        // What was begun now is looked at soon; the wheel needs a place for it in any case.
        if (_happened.Count > 0 && !_run.IsOver)
            _run = _run with { CheckAt = _now + FirstCheckMs, CheckPauseMs = FirstCheckMs };
        return this;
    }

    private void AdvanceSteps()
    {
        for (var s = 0; s < _steps.Length; s++)
            Settle(s);
        if (Halt() is var (stops, hold, why))
        {
            // The first reason stands: what it stops fails too, and would give others.
            var reason = _run.Reason ?? why;
            if (_run.Reason is null)
                _run = _run with { Reason = reason };
            StopAll(stops, reason);
            if (_steps.Any(s => s.Units.Any(u => u.Status == UnitStatus.Running)))
                return;
            for (var s = 0; s < _steps.Length; s++)
                Settle(s);
            if (hold)
                Park(reason);
            else if (_run.Cancel is { Compensate: false })
                Finish(SagaStatus.Cancelled, reason);
            else
                BeginUndoing(reason);
            return;
        }

        if (!_run.Paused)
        {
            for (var s = 0; s < _steps.Length; s++)
                Begin(s);
        }

        if (_steps.All(s => s.Status is StepStatus.Completed or StepStatus.Failed or StepStatus.Skipped))
            Complete();
    }

    /// <summary>Whether nothing more may be started: whether what runs is stopped, whether it then waits for an operator, and why.</summary>
    private (bool Stops, bool Hold, string Reason)? Halt()
    {
        if (_run.Cancel is { } cancel)
            return (true, false, cancel.Reason);
        (bool, bool, string)? halt = null;
        for (var s = 0; s < _steps.Length; s++)
        {
            var policy = _definition.Steps[s].OnFailure ?? _definition.OnFailure;
            if (policy == FailurePolicy.Continue || ErrorOf(_steps[s]) is not { } error)
                continue;
            var reason = $"Step '{_steps[s].Name}' failed: {error}";
            // The first in the definition's order gives the reason; the strictest wins: undoing comes before holding.
            halt = (policy, halt) switch
            {
                (FailurePolicy.CancelSiblings, var (_, _, first)) => (true, false, first),
                (FailurePolicy.CancelSiblings, null) => (true, false, reason),
                (FailurePolicy.Compensate, var (stops, _, first)) => (stops, false, first),
                (FailurePolicy.Compensate, null) => (false, false, reason),
                (_, null) => (false, true, reason),
                _ => halt,
            };
        }

        return halt;
    }

    private static string? ErrorOf(StepRun step) =>
        step.Status == StepStatus.Failed ? step.Error ?? "it gave no reason" : step.Units.FirstOrDefault(u => u.Status == UnitStatus.Failed) is { } failed ? failed.Error ?? "it gave no reason" : null;

    /// <summary>What is not begun stays so; waiting has no effect outside and ends at once; the rest is asked to end where it is to stop.</summary>
    private void StopAll(bool stops, string reason)
    {
        for (var s = 0; s < _steps.Length; s++)
        {
            var waits = KindOf(_definition.Steps[s].Action) is null;
            for (var u = 0; u < _steps[s].Units.Count; u++)
            {
                var unit = _steps[s].Units[u];
                if (unit.Status is UnitStatus.Pending or UnitStatus.Retrying || (waits && unit.Status == UnitStatus.Running))
                {
                    Set(s, u, unit with { Status = UnitStatus.Cancelled, Error = unit.Error ?? reason, Request = null, DueAt = null, EndedAt = _now });
                    Note(new("step_cancelled", _steps[s].Name, ItemOf(s, u), unit.Try, reason));
                }
                else if (stops && unit is { Status: UnitStatus.Running, Stop: null })
                {
                    Set(s, u, unit with { Stop = reason });
                    Note(new("step_stopping", _steps[s].Name, ItemOf(s, u), unit.Try, reason));
                }
            }
        }
    }

    /// <summary>A step is over when all its units are.</summary>
    private void Settle(int s)
    {
        var step = _steps[s];
        if (step.Status != StepStatus.Running || !step.Units.All(u => u.IsOver))
            return;
        var failed = step.Units.FirstOrDefault(u => u.Status == UnitStatus.Failed) ?? step.Units.FirstOrDefault(u => u.Status == UnitStatus.Cancelled);
        _steps[s] = step with { Status = failed is null ? StepStatus.Completed : StepStatus.Failed, Error = failed?.Error };
        Note(new(failed is null ? "step_completed" : "step_failed", step.Name, Reason: failed?.Error));
    }

    private void Begin(int s)
    {
        var (step, definition) = (_steps[s], _definition.Steps[s]);
        if (step.Status == StepStatus.Pending && !Expand(s))
            return;
        step = _steps[s];
        if (step.Status != StepStatus.Running)
            return;
        var underWay = step.Units.Count(u => u.Status is UnitStatus.Running or UnitStatus.Retrying);
        for (var u = 0; u < step.Units.Count && underWay < definition.Concurrency; u++)
        {
            if (step.Units[u].Status != UnitStatus.Pending)
                continue;
            Try(s, u);
            underWay++;
            // The saga may be over with it; what that means is found first.
            if (_steps[s].Units[u].Status == UnitStatus.Failed)
                break;
        }

        Settle(s);
    }

    /// <summary>Whether a step that was not begun is begun now.</summary>
    private bool Expand(int s)
    {
        var (step, definition) = (_steps[s], _definition.Steps[s]);
        var needs = definition.Needs.Select(n => _steps.First(o => o.Name == n)).ToList();
        if (needs.Find(n => n.Status == StepStatus.Failed || n is { Status: StepStatus.Skipped, Error: not null }) is { } lost)
        {
            Skip(s, $"step '{lost.Name}' {(lost.Status == StepStatus.Failed ? "failed" : "was skipped")}");
            return false;
        }

        if (!needs.TrueForAll(n => n.Status is StepStatus.Completed or StepStatus.Skipped))
            return false;
        try
        {
            if (definition.If is { } condition && !SagaTemplate.IsTrue(SagaTemplate.Fill(condition, Values())))
            {
                Skip(s, null);
                return false;
            }

            if (definition.ForEach is not { } each)
            {
                _steps[s] = step with { Status = StepStatus.Running, Units = [new() { Status = UnitStatus.Pending }] };
                return true;
            }

            if (SagaTemplate.Fill(each, Values()) is not JsonArray items)
                throw new SagaValueException("for_each gives something that is no list.");
            if (items.Count > MaxItems)
                throw new SagaValueException($"for_each gives {items.Count} entries, {MaxItems} are allowed: give each a part of them, or submit a saga for each part.");
            _steps[s] = step with { Status = StepStatus.Running, Units = [.. items.Select(i => new UnitRun { Status = UnitStatus.Pending, Item = i?.DeepClone() })] };
            return true;
        }
        catch (SagaValueException e)
        {
            _steps[s] = step with { Status = StepStatus.Failed, Error = e.Message };
            Note(new("step_failed", step.Name, Reason: e.Message));
            return false;
        }
    }

    private void Skip(int s, string? because)
    {
        _steps[s] = _steps[s] with { Status = StepStatus.Skipped, Error = because };
        Note(new("step_skipped", _steps[s].Name, Reason: because ?? "its condition does not hold"));
    }

    /// <summary>Begins a try. What it does is made out now and written with it, so that a repetition does the very same.</summary>
    private void Try(int s, int u)
    {
        var (definition, unit) = (_definition.Steps[s], _steps[s].Units[u]);
        try
        {
            var request = RequestOf(definition.Action, definition.Timeout, Values(unit, u, definition));
            unit = unit with
            {
                Status = UnitStatus.Running,
                Start = unit.Start ?? _run.Starts,
                Try = unit.Try + 1,
                Request = request,
                StartedAt = _now,
                Stop = null,
                Error = null,
                DueAt = definition.Action is StepAction.Delay delay ? _now + (long)delay.For.TotalMilliseconds : definition.Timeout is { } limit ? _now + (long)limit.TotalMilliseconds : null,
            };
            if (_steps[s].Units[u].Start is null)
                _run = _run with { Starts = _run.Starts + 1 };
            Set(s, u, unit);
            Note(new("step_started", definition.Name, ItemOf(s, u), unit.Try));
            if (definition.Action is StepAction.Signal signal && _run.Signals?.TryGetValue(signal.Name, out var payload) == true)
                TryEnded(s, u, new(payload));
        }
        catch (SagaValueException e)
        {
            Set(s, u, unit with { Status = UnitStatus.Failed, Error = e.Message, EndedAt = _now });
            Note(new("step_try_failed", definition.Name, ItemOf(s, u), unit.Try, e.Message));
        }
    }

    private void TryEnded(int s, int u, UnitEnd end)
    {
        var (definition, unit) = (_definition.Steps[s], _steps[s].Units[u]);
        // Asked to stop, it may still have ended well before it heard of it.
        if (!end.Failed)
        {
            Set(s, u, unit with { Status = UnitStatus.Completed, Output = end.Output, Request = null, DueAt = null, Stop = null, EndedAt = _now });
            Note(new("step_try_completed", definition.Name, ItemOf(s, u), unit.Try));
            return;
        }

        var error = unit.Stop ?? end.Error;
        if (unit.Stop is not null && Halt() is not null)
        {
            Set(s, u, unit with { Status = UnitStatus.Cancelled, Error = error, Request = null, DueAt = null, EndedAt = _now });
            Note(new("step_cancelled", definition.Name, ItemOf(s, u), unit.Try, error));
            return;
        }

        var tries = unit.Try - unit.TriesBefore;
        var again = !end.Final && tries < definition.Retry.Attempts;
        Set(s, u, unit with
        {
            Status = again ? UnitStatus.Retrying : UnitStatus.Failed,
            Error = error,
            Request = null,
            Stop = null,
            DueAt = again ? _now + (long)definition.Retry.PauseAfter(tries).TotalMilliseconds : null,
            EndedAt = again ? null : _now,
        });
        Note(new("step_try_failed", definition.Name, ItemOf(s, u), unit.Try, error));
    }

    private void UnitDue(int s, int u)
    {
        var (definition, unit) = (_definition.Steps[s], _steps[s].Units[u]);
        if (unit is { Status: UnitStatus.Running, DueAt: { } over } && over <= _now)
        {
            switch (definition.Action)
            {
                case StepAction.Delay:
                    TryEnded(s, u, new(null));
                    break;
                case StepAction.Signal signal:
                    TryEnded(s, u, new(null, $"No signal '{signal.Name}' came within {definition.Timeout}.", Final: true));
                    break;
                default:
                    Set(s, u, unit with { Stop = unit.Stop ?? $"It was not done within {definition.Timeout}.", DueAt = null });
                    Note(new("step_stopping", definition.Name, ItemOf(s, u), unit.Try, $"It was not done within {definition.Timeout}."));
                    break;
            }
        }
        else if (unit is { Status: UnitStatus.Retrying, DueAt: { } retry } && retry <= _now && _run is { Paused: false, Status: SagaStatus.Running } && Halt() is null)
        {
            Try(s, u);
        }

        UndoDue(s, u);
    }

    private void Complete()
    {
        try
        {
            var values = Values();
            var output = _definition.Output is { } template ? SagaTemplate.Fill(template, values)
                : new JsonObject(Enumerable.Range(0, _steps.Length).Where(s => _steps[s].Status == StepStatus.Completed).Select(s => KeyValuePair.Create(_steps[s].Name, OutputOf(s))));
            _run = _run with { Output = output };
            Finish(SagaStatus.Completed, _steps.FirstOrDefault(s => s.Status == StepStatus.Failed) is { } failed ? $"Step '{failed.Name}' failed, and the others went on: {failed.Error}" : null);
        }
        catch (SagaValueException e)
        {
            Note(new("output_failed", Reason: e.Message));
            _run = _run with { Cancel = new(Compensate: true, $"Its output could not be made: {e.Message}", ByDeadline: true) };
        }
    }

    private void Finish(SagaStatus status, string? reason)
    {
        for (var s = 0; s < _steps.Length; s++)
        {
            if (_steps[s].Status == StepStatus.Pending)
                _steps[s] = _steps[s] with { Status = StepStatus.Skipped, Error = "the saga ended first" };
        }

        _run = _run with { Status = status, Reason = reason ?? _run.Reason, FinishedAt = _now, Paused = false };
        Note(new(status switch { SagaStatus.Completed => "completed", SagaStatus.Compensated => "compensated", SagaStatus.Cancelled => "cancelled", _ => "failed" }, Reason: _run.Reason));
    }

    private void Park(string reason)
    {
        _run = _run with { Status = SagaStatus.Parked, Reason = reason };
        Note(new("parked", Reason: reason));
    }

    private static JsonNode? RequestOf(StepAction action, TimeSpan? timeout, SagaValues values) => action switch
    {
        StepAction.Job job => SagaTemplate.Fill(job.Body, values),
        StepAction.Http http => new JsonObject
        {
            ["method"] = http.Method,
            ["url"] = SagaTemplate.Url(http.Url, values),
            ["headers"] = new JsonObject(http.Headers.Select(h => KeyValuePair.Create(h.Key, (JsonNode?)SagaTemplate.Text(h.Value, values)))),
            ["body"] = SagaTemplate.Fill(http.Body, values),
            ["accept"] = new JsonArray([.. http.Accept.Select(a => (JsonNode?)a)]),
            ["timeout_ms"] = (long?)timeout?.TotalMilliseconds,
        },
        StepAction.Saga saga => new JsonObject { ["name"] = saga.Name, ["version"] = saga.Version, ["input"] = SagaTemplate.Fill(saga.Input, values) },
        _ => null,
    };

    private JsonNode? OutputOf(int s) =>
        _definition.Steps[s].ForEach is not null ? new JsonArray([.. _steps[s].Units.Select(u => u.Output?.DeepClone())])
        : _steps[s].Units is [var unit, ..] ? unit.Output?.DeepClone() : null;

    private SagaValues Values(UnitRun? unit = null, int index = 0, SagaStep? own = null, bool undoing = false) => new(() => Root(unit, index, own, undoing));

    private JsonObject Root(UnitRun? unit, int index, SagaStep? own, bool undoing)
    {
        var steps = new JsonObject();
        for (var s = 0; s < _steps.Length; s++)
        {
            var step = _steps[s];
            if (step.Status is StepStatus.Pending or StepStatus.Running && !(undoing && step.Name == own?.Name))
                continue;
            var output = undoing && step.Name == own?.Name ? unit!.Output?.DeepClone() : OutputOf(s);
            steps[step.Name] = new JsonObject { ["status"] = step.Status.ToString().ToLowerInvariant(), ["output"] = output, ["error"] = step.Error };
            // A step that was skipped or made nothing has no output: a template without a default says so.
            if (output is null)
                ((JsonObject)steps[step.Name]!).Remove("output");
        }

        var root = new JsonObject { ["input"] = _run.Input?.DeepClone(), ["steps"] = steps, ["saga"] = new JsonObject { ["id"] = _sagaId, ["name"] = _definition.Name } };
        // What undoes a step must find it also where it failed and has no output.
        if (undoing)
            root["work"] = new JsonObject { ["id"] = SagaWorkIds.Of(_sagaId, new(own!.Name, index, false, unit!.Try)) };
        if (own?.ForEach is not null)
            (root["item"], root["index"]) = (unit!.Item?.DeepClone(), index);
        return root;
    }
}

using OrleansJobGrid.Sagas.Definitions;

namespace OrleansJobGrid.Sagas.Planning;

/// <summary>Undoing: one after the other, in reverse order of the starts, and never dropped.</summary>
public sealed partial class SagaPlan
{
    private void BeginUndoing(string reason)
    {
        _run = _run with { Status = SagaStatus.Compensating, Reason = reason };
        Note(new("compensating", Reason: reason));
    }

    private void AdvanceUndoing()
    {
        var started = new List<(int Step, int Unit, int Start)>();
        for (var s = 0; s < _steps.Length; s++)
        {
            if (_definition.Steps[s].Compensate is null)
                continue;
            for (var u = 0; u < _steps[s].Units.Count; u++)
            {
                if (_steps[s].Units[u].Start is { } start)
                    started.Add((s, u, start));
            }
        }

        foreach (var (s, u, _) in started.OrderByDescending(x => x.Start))
        {
            switch (_steps[s].Units[u].Undo)
            {
                case null when !_run.Paused:
                    Undo(s, u);
                    return;
                case { Status: UndoStatus.Failed } failed:
                    Park($"Step '{_steps[s].Name}' could not be undone: {failed.Error}");
                    return;
                case { Status: UndoStatus.Done or UndoStatus.Skipped }:
                    continue;
                default:
                    return;
            }
        }

        Finish(started.Count > 0 ? SagaStatus.Compensated : _run.Cancel is { ByDeadline: false } ? SagaStatus.Cancelled : SagaStatus.Failed, _run.Reason);
    }

    private void Undo(int s, int u)
    {
        var (definition, unit) = (_definition.Steps[s], _steps[s].Units[u]);
        var undo = unit.Undo ?? new() { Status = UndoStatus.Running };
        try
        {
            var request = RequestOf(definition.Compensate!.Action, definition.Compensate.Timeout, Values(unit, u, definition, undoing: true));
            undo = undo with
            {
                Status = UndoStatus.Running,
                Try = undo.Try + 1,
                Request = request,
                Stop = null,
                DueAt = definition.Compensate.Timeout is { } limit ? _now + (long)limit.TotalMilliseconds : null,
            };
            Note(new("undo_started", definition.Name, ItemOf(s, u), undo.Try));
        }
        catch (SagaValueException e)
        {
            undo = undo with { Status = UndoStatus.Failed, Error = e.Message };
            Note(new("undo_failed", definition.Name, ItemOf(s, u), undo.Try, e.Message));
        }

        Set(s, u, unit with { Undo = undo });
    }

    private void UndoEnded(int s, int u, UndoRun undo, UnitEnd end)
    {
        var (definition, unit) = (_definition.Steps[s], _steps[s].Units[u]);
        if (!end.Failed)
        {
            Set(s, u, unit with { Undo = undo with { Status = UndoStatus.Done, Request = null, DueAt = null, Error = null, EndedAt = _now } });
            Note(new("undone", definition.Name, ItemOf(s, u), undo.Try));
            return;
        }

        var tries = undo.Try - undo.TriesBefore;
        var again = !end.Final && tries < definition.Compensate!.Retry.Attempts;
        Set(s, u, unit with
        {
            Undo = undo with
            {
                Status = again ? UndoStatus.Retrying : UndoStatus.Failed,
                Error = undo.Stop ?? end.Error,
                Request = null,
                Stop = null,
                DueAt = again ? _now + (long)definition.Compensate!.Retry.PauseAfter(tries).TotalMilliseconds : null,
            },
        });
        Note(new(again ? "undo_try_failed" : "undo_failed", definition.Name, ItemOf(s, u), undo.Try, undo.Stop ?? end.Error));
    }

    private void UndoDue(int s, int u)
    {
        var unit = _steps[s].Units[u];
        if (unit.Undo is { Status: UndoStatus.Running, DueAt: { } over } running && over <= _now)
        {
            Set(s, u, unit with { Undo = running with { Stop = $"It was not done within {_definition.Steps[s].Compensate!.Timeout}.", DueAt = null } });
            Note(new("undo_stopping", _steps[s].Name, ItemOf(s, u), running.Try));
        }
        else if (unit.Undo is { Status: UndoStatus.Retrying, DueAt: { } retry } && retry <= _now && _run is { Paused: false, Status: SagaStatus.Compensating })
        {
            Undo(s, u);
        }
    }
}

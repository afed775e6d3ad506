using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Sagas.Definitions;
using OrleansJobGrid.Sagas.Planning;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Sagas;

/// <inheritdoc cref="ISagaGrain"/>
/// <remarks>
/// Loads, asks <see cref="SagaPlan"/>, writes, and sees to it that what the plan names is under way. The state is the outbox: what a saga began is in
/// its record under names that a repetition shares, so after a crash all of it is begun again and nothing twice.
/// </remarks>
[GrainType("jobgrid.saga")]
internal sealed partial class SagaGrain(
    StoreLanes lanes, IJobBodyReader bodies, SagaCalls calls, LongPolls polls, IOptions<JobGridOptions> options, ILogger<SagaGrain> logger) : Grain, ISagaGrain
{
    private const int RaceLimit = 5;

    /// <summary>Sagas within sagas.</summary>
    private const int MaxDepth = 10;

    private SagaRun? _run;
    private SagaDefinition? _definition;
    private long _version;
    private Guid _operationId;
    private TaskCompletionSource? _changed;
    private int _watchers;

    private string SagaId => this.GetPrimaryKeyString();

    public async Task<SagaAnswer> Begin(SagaSubmission submission)
    {
        if (await Load() is { } stands)
            return Compare(stands, submission);
        if (submission.Depth > MaxDepth)
            return new(SagaOutcome.Refused, null, $"Sagas lie in one another {submission.Depth} deep, {MaxDepth} are allowed: does one begin itself?");
        var (json, version) = (submission.Definition, (int?)null);
        if (submission.Name is { } name)
        {
            if (await GrainFactory.GetGrain<ISagaCatalogGrain>(0).Definition(name, submission.Version) is not { } registered)
                return new(SagaOutcome.NotFound, null, submission.Version is { } asked ? $"There is no version {asked} of a saga '{name}'." : $"There is no saga '{name}' on record: register it first (POST /api/saga-definitions).");
            (json, version) = (registered.Definition, registered.Version);
        }

        if (SagaReader.Read(json!, out var faults) is not { } definition)
            return new(SagaOutcome.Refused, null, string.Join("; ", faults));
        var block = await lanes.TakeSequence(1);
        var input = submission.Input is null ? null : JsonNode.Parse(submission.Input);
        var run = SagaPlan.Begin(definition, input, submission.BodyHash, block.Clock, block.First) with
        {
            Version = version,
            CustomerId = submission.CustomerId,
            Parent = submission.ParentId is null ? null : new(submission.ParentId, submission.ParentKey!),
            KeepMs = (long)options.Value.Sagas.Keep.TotalMilliseconds,
            Depth = submission.Depth,
        };
        var plan = new SagaPlan(definition, SagaId, run, block.Clock).Start();
        var operation = SagaStore.OperationOf(SagaId, definition, null, plan.Run, plan.Happened, block.Clock, 0, default, OperationIds.Next());
        if (operation.Record!.Value.Length > StoreLimits.RecordBytes)
            return new(SagaOutcome.Refused, null, $"Definition, input and first steps have {operation.Record.Value.Length >> 10} KB, {StoreLimits.RecordBytes >> 10} are allowed: keep large values in artefacts.");
        var result = await Store(operation);
        if (!result.Holds)
        {
            Forget();
            return await Load() is { } other ? Compare(other, submission) : throw new JobStoreException($"The store refused saga '{SagaId}': {result.Reason ?? result.Outcome.ToString()}.");
        }

        Stands(definition, plan.Run, operation);
        await SeeTo();
        return new(SagaOutcome.Accepted, _run!.Status.Name(), "the saga was taken");
    }

    public Task<SagaAnswer> Signal(string name, byte[]? payload) => Ask(
        plan =>
        {
            if (plan.Run.IsOver)
                return $"The saga is {plan.Run.Status.Name()}.";
            plan.Signal(name, payload is null ? null : JsonNode.Parse(payload));
            return null;
        },
        $"signal '{name}' was taken");

    public Task<SagaAnswer> Cancel(bool compensate, string reason) => Ask(
        plan => plan.Run is { Cancel: not null, IsOver: false } || plan.Cancel(compensate, reason).Changed ? null : $"The saga is {plan.Run.Status.Name()}.",
        compensate ? "the saga ends, and what it did is undone" : "the saga ends");

    public Task<SagaAnswer> Pause(string reason) => Ask(
        plan => plan.Run is { Paused: true, IsOver: false } || plan.Pause(reason).Changed ? null : $"The saga is {plan.Run.Status.Name()}.", "nothing more is started");

    public Task<SagaAnswer> Resume(string reason) => Ask(
        plan => plan.Run is { Paused: false, IsOver: false } || plan.Resume(reason).Changed ? null : $"The saga is {plan.Run.Status.Name()}.", "the saga goes on");

    public Task<SagaAnswer> Retry(string? step, string reason) => Ask(plan => plan.Retry(step, reason), "what failed is done anew");

    public Task<SagaAnswer> SkipUndo(string step, string reason) => Ask(plan => plan.SkipUndo(step, reason), $"the undoing of step '{step}' is skipped");

    public async Task WorkEnded(string workId)
    {
        if (await Load() is null || SagaWorkIds.KeyOf(SagaId, workId) is not { } key || Find(key) is not { } work)
            return;
        if (await EndOf(work) is { } end)
            await Ended(key, end);
    }

    public async Task CallEnded(string key, SagaCallEnd end)
    {
        _calls.Remove(key);
        if (UnitKey.Parse(key) is { } unit)
            await Ended(unit, new(end.Output is null ? null : JsonNode.Parse(end.Output), end.Error, end.Final));
    }

    public async Task OnDue()
    {
        if (await Load() is not { } run)
            return;
        if (run.IsOver && run.FinishedAt + run.KeepMs <= lanes.Clock.Now)
        {
            await Delete(run);
            return;
        }

        var looks = run.CheckAt <= lanes.Clock.Now;
        await Change(plan =>
        {
            plan.Due();
            return null;
        });
        if (looks)
            await Look();
        await SeeTo();
    }

    public async Task<SagaView?> Watch(long seenVersion, TimeSpan wait)
    {
        _watchers++;
        try
        {
            _changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            var changed = _changed.Task;
            if (await Load() is null)
                return null;
            if (_version == seenVersion && wait > TimeSpan.Zero)
            {
                await polls.Wait(changed, wait);
                if (await Load() is null)
                    return null;
            }

            return SagaDocument.ViewOf(SagaId, _version, _run!, _definition!);
        }
        finally
        {
            _watchers--;
        }
    }

    private static SagaAnswer Compare(SagaRun stands, SagaSubmission submission) => stands.BodyHash == submission.BodyHash
        ? new(SagaOutcome.Replayed, stands.Status.Name(), "the same submission stands already")
        : new(SagaOutcome.Refused, stands.Status.Name(), "another saga stands under this id");

    private async Task<SagaAnswer> Ask(Func<SagaPlan, string?> decide, string done)
    {
        if (await Load() is null)
            return new(SagaOutcome.NotFound, null, $"There is no saga '{SagaId}'.");
        var refused = await Change(decide);
        await SeeTo();
        return _run is not { } now ? new(SagaOutcome.NotFound, null, $"There is no saga '{SagaId}'.")
            : refused is null ? new(SagaOutcome.Accepted, now.Status.Name(), done)
            : new(SagaOutcome.Refused, now.Status.Name(), refused);
    }

    private async Task Ended(UnitKey key, UnitEnd end)
    {
        await Change(plan =>
        {
            plan.Ended(key, end);
            return null;
        });
        await SeeTo();
    }

    /// <summary>Loads, decides, writes; after a lost race once more from the truth.</summary>
    /// <returns>Why it was refused; null: it was not.</returns>
    private async Task<string?> Change(Func<SagaPlan, string?> decide)
    {
        for (var race = 0; race < RaceLimit; race++)
        {
            if (await Load() is not { } run)
                return null;
            var clock = lanes.Clock.Now;
            var plan = new SagaPlan(_definition!, SagaId, run, clock);
            var refused = decide(plan);
            if (!plan.Changed)
                return refused;
            var operation = SagaStore.OperationOf(SagaId, _definition!, run, plan.Run, plan.Happened, clock, _version, _operationId, OperationIds.Next());
            if (operation.Record!.Value.Length > StoreLimits.RecordBytes)
            {
                // What no store takes would be tried for ever.
                plan = new SagaPlan(_definition!, SagaId, run, clock).Overgrown($"Its state would have {operation.Record.Value.Length >> 10} KB, {StoreLimits.RecordBytes >> 10} are allowed: keep large outputs in files.");
                operation = SagaStore.OperationOf(SagaId, _definition!, run, plan.Run, plan.Happened, clock, _version, _operationId, OperationIds.Next());
            }

            var result = await Store(operation);
            if (result.Holds)
            {
                Stands(_definition!, plan.Run, operation);
                return refused;
            }

            Forget();
            if (result.Outcome != OperationOutcome.Conflict)
                throw new JobStoreException($"The store refused a change of saga '{SagaId}': {result.Reason ?? result.Outcome.ToString()}.");
        }

        throw new JobStoreException($"Saga '{SagaId}' lost {RaceLimit} races in a row.");
    }

    private async Task<OperationResult> Store(JobOperation operation)
    {
        try
        {
            return await lanes.Write(operation);
        }
        catch (Exception e)
        {
            logger.StoreFailed(SagaId, e);
            Forget();
            throw;
        }
    }

    private void Stands(SagaDefinition definition, SagaRun run, JobOperation written)
    {
        var before = _run;
        (_definition, _run, _version, _operationId) = (definition, run, written.ExpectedVersion + 1, written.OperationId);
        Tell();
        if (run.Status == SagaStatus.Parked && before?.Status != SagaStatus.Parked)
            logger.Parked(SagaId, definition.Name, run.Reason!);
        if (!run.IsOver || before is { IsOver: true })
            return;
        if (run.Parent is { } parent)
            GrainFactory.GetGrain<ISagaGrain>(parent.SagaId).WorkEnded(SagaId).Ignore();
        if (_watchers == 0)
            DeactivateOnIdle();
    }

    private async Task Delete(SagaRun run)
    {
        var operation = SagaStore.OperationOf(SagaId, _definition!, run, null, [], lanes.Clock.Now, _version, _operationId, OperationIds.Next()) with { NotBefore = run.FinishedAt + run.KeepMs };
        await Store(operation);
        Forget();
    }

    private async Task<SagaRun?> Load()
    {
        if (_run is not null)
            return _run;
        try
        {
            var stored = await lanes.Read(SagaStore.KeyOf(SagaId));
            if (_run is not null)
                return _run;
            if (stored is null)
            {
                DeactivateOnIdle();
                return null;
            }

            (_run, _definition) = SagaStore.Read(SagaId, stored.Record);
            (_version, _operationId) = (stored.Version, stored.OperationId);
            return _run;
        }
        catch (Exception e)
        {
            logger.StoreFailed(SagaId, e);
            Forget();
            throw;
        }
    }

    private void Forget()
    {
        _run = null;
        Tell();
        DeactivateOnIdle();
    }

    private void Tell()
    {
        _changed?.SetResult();
        _changed = null;
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Sagas.Definitions;
using OrleansJobGrid.Sagas.Planning;

namespace OrleansJobGrid.Grains.Sagas;

/// <summary>What a saga has under way: jobs, calls and child sagas.</summary>
internal sealed partial class SagaGrain
{
    private readonly HashSet<string> _begun = new(StringComparer.Ordinal);
    private readonly HashSet<string> _stopped = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CancellationTokenSource> _calls = new(StringComparer.Ordinal);

    /// <summary>Begins what the state names and this activation did not begin yet, and stops what is to stop. What cannot be now is done by the next look.</summary>
    private async Task SeeTo()
    {
        var (tried, triedStops) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        while (_run is { IsOver: false } run)
        {
            var work = SagaPlan.Work(_definition!, run).ToList();
            // Once a turn: what does not succeed now would not a moment later.
            var fresh = work.FindAll(w => w.Stop is null && tried.Add(w.Key.ToString()) && _begun.Add(w.Key.ToString()));
            var stops = work.FindAll(w => w.Stop is not null && triedStops.Add(w.Key.ToString()) && _stopped.Add(w.Key.ToString()));
            if (fresh.Count + stops.Count == 0)
                return;
            var ends = new List<(UnitKey Key, UnitEnd End)>();
            await Guarded(fresh, () => Submit(fresh.FindAll(w => w.Kind == "job"), ends));
            foreach (var one in fresh.Where(w => w.Kind != "job"))
                await Guarded([one], () => one.Kind == "http" ? Call(one) : BeginChild(one, ends));
            foreach (var one in stops)
                await Guarded([one], () => Stop(one, ends));
            if (ends.Count > 0)
            {
                await Change(plan =>
                {
                    foreach (var (key, end) in ends)
                        plan.Ended(key, end);
                    return null;
                });
            }
        }
    }

    /// <summary>The next look tries again.</summary>
    private async Task Guarded(List<SagaWork> works, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e)
        {
            logger.WorkNotBegun(SagaId, string.Join(", ", works.Select(w => w.Key)), e);
            foreach (var work in works)
            {
                _begun.Remove(work.Key.ToString());
                _stopped.Remove(work.Key.ToString());
            }
        }
    }

    private async Task Submit(List<SagaWork> works, List<(UnitKey Key, UnitEnd End)> ends)
    {
        var (run, jobs) = (_run!, new List<(SagaWork Work, JobSubmission Job)>());
        foreach (var work in works)
        {
            if (bodies.Read(Encoding.UTF8.GetBytes(work.Request.ToJsonString()), SagaWorkIds.Of(SagaId, work.Key), out var errors) is { } job)
                // Within a level older sagas end first.
                jobs.Add((work, job with { SagaId = SagaId, CustomerId = job.CustomerId ?? run.CustomerId, WorkflowTime = job.WorkflowTime ?? (job.WorkflowId is null ? run.CreatedAt : null) }));
            else
                ends.Add((work.Key, new(null, $"It is no job: {string.Join("; ", errors)}", Final: true)));
        }

        foreach (var page in jobs.Chunk(JobSubmissionLimits.JobsPerCall))
        {
            var results = await GrainFactory.GetGrain<IJobIngressGrain>(0).Submit(new Immutable<IReadOnlyList<JobSubmission>>([.. page.Select(j => j.Job)]));
            foreach (var (result, (work, _)) in results.Zip(page))
            {
                switch (result.Outcome)
                {
                    case SubmitOutcome.Created:
                        break;
                    case SubmitOutcome.Replayed:
                        // It may have ended while nobody listened.
                        if (await EndOf(work) is { } end)
                            ends.Add((work.Key, end));
                        break;
                    // Nobody knows, or its customer has as many waiting as it may: the next look submits it again.
                    case SubmitOutcome.Unknown or SubmitOutcome.OverLimit:
                        _begun.Remove(work.Key.ToString());
                        break;
                    default:
                        ends.Add((work.Key, new(null, $"The job was refused: {result.Message}", Final: result.Outcome is SubmitOutcome.Conflict or SubmitOutcome.NothingToResume)));
                        break;
                }
            }
        }
    }

    /// <summary>Makes a call beside this turn; its end comes as a message.</summary>
    private Task Call(SagaWork work)
    {
        var (key, self) = (work.Key.ToString(), this.AsReference<ISagaGrain>());
        var stop = new CancellationTokenSource();
        _calls[key] = stop;
        var (request, callKey) = (work.Request.DeepClone(), SagaWorkIds.CallOf(SagaId, work.Key));
        _ = Task.Run(async () =>
        {
            var end = await calls.Call(request, callKey, stop.Token);
            try
            {
                await self.CallEnded(key, end);
            }
            catch (Exception e)
            {
                // The next look makes the call again, under the same key.
                logger.EndNotTold(SagaId, key, e);
            }
            finally
            {
                stop.Dispose();
            }
        });
        return Task.CompletedTask;
    }

    private async Task BeginChild(SagaWork work, List<(UnitKey Key, UnitEnd End)> ends)
    {
        var answer = await GrainFactory.GetGrain<ISagaGrain>(SagaWorkIds.Of(SagaId, work.Key)).Begin(new()
        {
            Name = work.Request["name"]!.GetValue<string>(),
            Version = work.Request["version"]?.GetValue<int>(),
            Input = work.Request["input"] is { } input ? Encoding.UTF8.GetBytes(input.ToJsonString()) : null,
            CustomerId = _run!.CustomerId,
            BodyHash = $"child of {SagaId}",
            ParentId = SagaId,
            ParentKey = work.Key.ToString(),
            Depth = _run.Depth + 1,
        });
        if (answer.Outcome is SagaOutcome.NotFound or SagaOutcome.Refused)
            ends.Add((work.Key, new(null, answer.Message, Final: answer.Outcome == SagaOutcome.Refused)));
        else if (answer.Outcome == SagaOutcome.Replayed && await EndOf(work) is { } end)
            ends.Add((work.Key, end));
    }

    private async Task Stop(SagaWork work, List<(UnitKey Key, UnitEnd End)> ends)
    {
        var id = SagaWorkIds.Of(SagaId, work.Key);
        switch (work.Kind)
        {
            case "http":
                if (_calls.GetValueOrDefault(work.Key.ToString()) is { } call)
                    await call.CancelAsync();
                else
                    ends.Add((work.Key, new(null, work.Stop)));
                break;
            case "saga":
                if (await EndOf(work) is { } over)
                    ends.Add((work.Key, over));
                else if ((await GrainFactory.GetGrain<ISagaGrain>(id).Cancel(compensate: true, work.Stop!)).Outcome == SagaOutcome.NotFound)
                    ends.Add((work.Key, new(null, work.Stop)));
                break;
            default:
                // One that a lost submission may still bring must be there to be cancelled.
                if (!_begun.Contains(work.Key.ToString()))
                {
                    _begun.Add(work.Key.ToString());
                    await Submit([work], ends);
                }

                if (await EndOf(work) is { } end)
                    ends.Add((work.Key, end));
                else
                    await GrainFactory.Job(id).Cancel(work.Stop!);
                break;
        }
    }

    /// <summary>Asks after all that is under way: an end whose message was lost, a job that never came to be, a call that died with its silo.</summary>
    private async Task Look()
    {
        if (_run is not { IsOver: false } run)
            return;
        var ends = new List<(UnitKey Key, UnitEnd End)>();
        foreach (var work in SagaPlan.Work(_definition!, run).ToList())
        {
            var key = work.Key.ToString();
            if (work.Kind == "http")
            {
                if (!_calls.ContainsKey(key))
                    _begun.Remove(key);
            }
            else if (await EndOf(work) is { } end)
            {
                ends.Add((work.Key, end));
            }
            else if (await lanes.Read(work.Kind == "job" ? SagaWorkIds.Of(SagaId, work.Key) : SagaStore.KeyOf(SagaWorkIds.Of(SagaId, work.Key))) is null)
            {
                _begun.Remove(key);
            }

            _stopped.Remove(key);
        }

        if (ends.Count > 0)
        {
            await Change(plan =>
            {
                foreach (var (key, end) in ends)
                    plan.Ended(key, end);
                return null;
            });
        }
    }

    private SagaWork? Find(UnitKey key) => SagaPlan.Work(_definition!, _run!).FirstOrDefault(w => w.Key == key);

    /// <summary>How a job or a child ended; null: it has not, or is not there.</summary>
    private async Task<UnitEnd?> EndOf(SagaWork work)
    {
        var id = SagaWorkIds.Of(SagaId, work.Key);
        if (work.Kind == "http" || await lanes.Read(work.Kind == "job" ? id : SagaStore.KeyOf(id)) is not { } stored)
            return null;
        if (work.Kind == "saga")
        {
            var (child, _) = SagaStore.Read(id, stored.Record);
            return !child.IsOver ? null : child.Status == SagaStatus.Completed ? new(child.Output?.DeepClone()) : new(null, $"Saga '{id}' is {child.Status.Name()}: {child.Reason}");
        }

        var job = JobRecordFormat.Read(id, stored.Record);
        if (!job.Status.IsFinal())
            return null;
        if (job.Status != JobStatus.Completed)
            return new(null, $"Job '{id}' is {job.Status.Name()}: {job.Error ?? job.EndReason ?? "no reason is on record"}");
        return new(new JsonObject
        {
            ["job_id"] = id,
            ["result"] = job.Result is { } result ? JsonNode.Parse(result.Utf8.Span) : null,
            ["outputs"] = new JsonArray([.. (job.Outputs ?? []).Select(o => (JsonNode?)new JsonObject { ["artefact"] = o.Artefact, ["name"] = o.Name, ["sha256"] = o.Sha256, ["size"] = o.Size })]),
        });
    }
}

using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Recovery;

/// <inheritdoc cref="IServiceInstanceGrain"/>
/// <remarks>Holds nothing that matters: each question stands in its job's record, and the wheel repeats it.</remarks>
[GrainType("jobgrid.instance")]
internal sealed class ServiceInstanceGrain(IJobStore store, StoreClock clock, TimeProvider time, ILogger<ServiceInstanceGrain> logger) : Grain, IServiceInstanceGrain
{
    private const int AtOnce = 500;
    private const int AskersAtMost = 2;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstBound = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private Dictionary<(string JobId, string ExternalId), InstanceQuestion> _pending = [];
    private bool _asking;

    private string Instance => this.GetPrimaryKeyString();

    public async Task Ask(IReadOnlyList<InstanceQuestion> questions)
    {
        foreach (var question in questions)
            _pending[(question.JobId, question.ExternalId)] = question;
        if (_asking)
            return;
        _asking = true;
        try
        {
            while (_pending.Count > 0)
            {
                List<InstanceQuestion> batch = [.. _pending.Values.Take(AtOnce)];
                foreach (var question in batch)
                    _pending.Remove((question.JobId, question.ExternalId));
                await AskAbout(batch);
                // What comes in meanwhile travels together, and an instance in trouble is not flooded.
                await Task.Delay(Pause, time);
            }
        }
        catch (Exception e)
        {
            logger.AskFailed(Instance, e);
            _pending = [];
        }
        finally
        {
            _asking = false;
        }
    }

    private async Task AskAbout(List<InstanceQuestion> batch)
    {
        // Read anew: what this silo remembers may name a worker whose death is the very reason for the question.
        var page = await store.ReadSessionsAsync(CancellationToken.None);
        clock.Observe(page.Clock);
        var alive = page.Sessions
            .Where(s => !s.Ended && s.ExpiresAt > page.Clock)
            .Select(s => (Session: s, Unreadable: SessionBody.TryRead(s, out var body) is not null, Body: body))
            .Where(s => !s.Unreadable)
            .Select(s => (s.Session, s.Body))
            .Where(s => !ProcessIdentity.IsKnownDead(s.Body.Process))
            .ToList();
        var nodes = alive.Select(s => s.Body.Node).ToHashSet(StringComparer.Ordinal);
        var askers = alive
            .Where(s => s.Body.Instances.Any(i => i.Instance == Instance))
            .OrderBy(s => !s.Body.Claims).ThenBy(s => !s.Body.Uses(Instance)).ThenBy(_ => Jitter.Draw())
            .Take(AskersAtMost)
            .ToList();
        var askedAt = clock.Now;
        var (answer, asker, fault) = await FirstAnswer(batch, askers);
        var adopter = asker is { Body.Draining: false } able ? new StartRequest(able.Session.WorkerId, able.Session.Id) : (StartRequest?)null;
        await Task.WhenAll(batch.Select(question => Tell(question, askedAt, answer, fault, adopter, question.Node is not null && nodes.Contains(question.Node))));
    }

    /// <summary>The answer of the first worker that has one, within the bound; else why there is none, or null where nobody can ask.</summary>
    private async Task<(ServiceAnswer? Answer, (SessionRecord Session, SessionBody Body)? Asker, string? Fault)> FirstAnswer(
        List<InstanceQuestion> batch, List<(SessionRecord Session, SessionBody Body)> askers)
    {
        string? fault = null;
        var started = time.GetTimestamp();
        for (var i = 0; i < askers.Count; i++)
        {
            var query = new ServiceQuery
            {
                QueryId = Guid.NewGuid(),
                Instance = Instance,
                ExternalIds = [.. batch.Select(q => q.ExternalId).Distinct()],
                ServiceIds = batch.Where(q => q.ServiceId is not null).DistinctBy(q => q.ExternalId).ToDictionary(q => q.ExternalId, q => q.ServiceId!),
                Cancel = [.. batch.Where(q => q.Cancel).Select(q => q.ExternalId).Distinct()],
            };
            var left = Bound - time.GetElapsedTime(started);
            var bound = i < askers.Count - 1 && left > FirstBound ? FirstBound : left;
            if (bound <= TimeSpan.Zero)
                break;
            try
            {
                var answer = await GrainFactory.Worker(askers[i].Session.WorkerId).Ask(askers[i].Session.Id, query).WaitAsync(bound, time);
                if (answer.Fault is null)
                    return (answer, askers[i], null);
                fault = answer.Fault;
            }
            catch (Exception e)
            {
                logger.AskerFailed(Instance, askers[i].Session.WorkerId, e);
                fault = $"worker {askers[i].Session.WorkerId} did not answer: {e.Message}";
            }
        }

        return (null, null, fault);
    }

    private async Task Tell(InstanceQuestion question, long askedAt, ServiceAnswer? answer, string? fault, StartRequest? adopter, bool nodeAlive)
    {
        var verdict = new Verdict
        {
            ExternalId = question.ExternalId,
            Version = question.Version,
            AskedAt = askedAt,
            NodeAlive = nodeAlive,
            Finding = fault is null ? Finding.NobodyCanAsk : Finding.Unreachable,
            Reason = fault ?? $"no live worker has {Instance}",
        };
        if (answer is not null)
        {
            var found = answer.Findings.GetValueOrDefault(question.ExternalId) ?? new(Finding.Absent);
            verdict = verdict with { Finding = found.Finding, Failure = found.Failure, BootMark = answer.BootMark, Adopter = adopter, Reason = null };
        }

        try
        {
            await GrainFactory.Job(question.JobId).Judge(verdict);
        }
        catch (Exception e)
        {
            logger.VerdictNotTold(question.JobId, e);
        }
    }
}

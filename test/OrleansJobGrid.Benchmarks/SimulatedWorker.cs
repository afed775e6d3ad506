using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Benchmarks;

/// <summary>A worker as the grid sees it: signs of life, a claim that waits, and each job completed at once.</summary>
internal sealed class SimulatedWorker
{
    private static readonly TimeSpan ClaimWait = TimeSpan.FromSeconds(10);
    private static readonly string[] Services = [SimulatedWorkers.Service];

    private readonly ConcurrentDictionary<string, HeldGrant> _held = new(StringComparer.Ordinal);
    private readonly SimulatedWorkers _all;
    private readonly IWorkerGrain _grain;
    private readonly string _id;
    private readonly string _session;
    private readonly string _capabilities;
    private readonly string _key;
    private readonly WorkerProfile _profile;

    public SimulatedWorker(IGrainFactory grains, SimulatedWorkers all, int index)
    {
        (_all, _id, _session) = (all, $"simulated-{index}", $"session-{index}");
        _grain = grains.Worker(_id);
        // Of its own, one model that nobody else has: no two workers share a profile.
        _capabilities = new WorkerCapabilities
        {
            Models = new Dictionary<string, IReadOnlyList<string>>
            {
                [SimulatedWorkers.Service] = [$"own-{index}", .. Enumerable.Range(0, 5).Select(m => SimulatedWorkers.Model(index + (m * 7)))],
            },
        }.Text;
        _key = CapabilitiesKey.Of(_capabilities);
        _profile = new()
        {
            Node = "bench",
            Process = "simulated",
            Services = Services,
            Slots = 1,
            StartedAt = 1_785_000_000_000,
            Version = "bench",
            Capabilities = _capabilities,
        };
    }

    /// <summary>One sign of life; its time in ms goes to the figures, or its fault.</summary>
    public async Task BeatAsync()
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            var answer = await _grain.Heartbeat(new() { SessionId = _session, Profile = _profile, Held = [.. _held.Values] });
            _all.Beat(answer.SessionEnded ? null : Stopwatch.GetElapsedTime(start));
        }
        catch (Exception e)
        {
            _all.Beat(null, e);
        }
    }

    /// <summary>Claims and completes until it is told to end.</summary>
    public async Task ClaimAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            ClaimAnswer answer;
            try
            {
                answer = await _grain.Claim(JobSubmissionLimits.DefaultQueue, new()
                {
                    ClaimId = Guid.NewGuid(),
                    WorkerId = _id,
                    SessionId = _session,
                    Services = Services,
                    Wait = ClaimWait,
                    Capabilities = _capabilities,
                    CapabilitiesKey = _key,
                });
            }
            catch (Exception e)
            {
                _all.Failed(e);
                continue;
            }

            foreach (var grant in answer.Grants)
                await CompleteAsync(grant);
        }
    }

    private async Task CompleteAsync(JobGrant grant)
    {
        _all.Granted(grant.JobId);
        _held[grant.JobId] = new(grant.JobId, grant.Token);
        try
        {
            var answers = await _grain.Report([new() { JobId = grant.JobId, Token = grant.Token, Completion = new() { DurationMs = 1 } }], null, null);
            _all.Reported(answers.Reports[0]);
        }
        catch (Exception e)
        {
            _all.Failed(e);
        }

        _held.TryRemove(grant.JobId, out _);
    }
}

using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Grains.Events;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Operations;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Reconciliation;

/// <inheritdoc cref="IStateReconcilerGrain"/>
[Reentrant, GrainType("jobgrid.state-reconciler")]
internal sealed class StateReconcilerGrain(
    IJobStore store, StoreLanes lanes, Storage.StoreClock clock, JobLister lister, IEnumerable<IStateSource> own, StateSourceHttp clients,
    IOptions<JobGridOptions> options, TimeProvider time, ILogger<StateReconcilerGrain> logger)
    : Grain, IStateReconcilerGrain
{
    internal const string Collection = "state-reconciliation";
    private const string LastRun = "last";
    private const int PageSize = 500;
    private const int MostEntries = 100_000;
    private const int Shown = 200;

    private readonly ReconciliationOptions _options = options.Value.Reconciliation;
    private readonly List<IStateSource> _sources = [.. own, .. options.Value.Reconciliation.Sources.Select(s => new HttpStateSource(s.Key, s.Value, clients.Http, time))];
    private Task<StateReport>? _run;
    private long? _lastAt;

    public async Task<StateReport> Run(bool dryRun, string? source)
    {
        if (_sources.Count == 0)
            throw new ArgumentException("There is nothing to compare with: JobGrid:Reconciliation:Sources names the systems that keep states of jobs.", nameof(source));
        if (source is not null && _sources.All(s => s.Name != source))
            throw new ArgumentException($"There is no source '{source}': there are {string.Join(", ", _sources.Select(s => s.Name))}.", nameof(source));
        while (_run is { IsCompleted: false } before)
            await Task.WhenAny(before);
        _run = RunOnce(dryRun, source);
        return await _run;
    }

    public async Task<StateReport?> Last() => await store.Find(Collection, LastRun) is { } stored ? JsonSerializer.Deserialize(stored.Body.Span, StateSourceJson.Default.StateReport) : null;

    public async Task Poke()
    {
        if (_sources.Count == 0 || _options.Interval <= TimeSpan.Zero || _run is { IsCompleted: false } || clock.Now == 0)
            return;
        try
        {
            _lastAt ??= (await Last())?.At ?? 0;
            if (clock.Now - _lastAt < (long)_options.Interval.TotalMilliseconds)
                return;
            // A run that fails waits for its next turn as well.
            _lastAt = clock.Now;
            await Run(false, null);
        }
        catch (Exception e)
        {
            logger.RunFailed(e);
        }
    }

    private async Task<StateReport> RunOnce(bool dryRun, string? only)
    {
        var began = time.GetTimestamp();
        var read = await Task.WhenAll(_sources.Select(Read));
        var sources = read.Where(r => r.Report.Fault is null).ToList();
        var ids = sources.SelectMany(s => s.Entries.Keys).ToHashSet(StringComparer.Ordinal);
        if (sources.Any(s => s.Source.ExpectsAll))
            ids.UnionWith(await Recent());
        var (differences, repaired, first) = (0, 0, new List<StateDifference>());
        foreach (var part in ids.Order(StringComparer.Ordinal).Chunk(PageSize))
        {
            var grid = await Task.WhenAll(part.Select(InGrid));
            for (var i = 0; i < part.Length; i++)
            {
                var said = sources.ConvertAll(s => new StateComparison.Said(s.Source, s.Entries.GetValueOrDefault(part[i])));
                foreach (var (difference, source, right) in StateComparison.Of(part[i], grid[i], said, clock.Now, (long)_options.Grace.TotalMilliseconds))
                {
                    differences++;
                    var told = dryRun || right is null || (only is not null && source.Name != only) ? difference : await Repair(difference, source, right);
                    repaired += told.Repaired ? 1 : 0;
                    if (first.Count < Shown)
                        first.Add(told);
                }
            }
        }

        var report = new StateReport
        {
            At = clock.Now,
            DurationMs = (long)time.GetElapsedTime(began).TotalMilliseconds,
            DryRun = dryRun,
            Sources = [.. read.Select(r => r.Report)],
            Compared = ids.Count,
            Differences = differences,
            Repaired = repaired,
            First = first,
        };
        if (dryRun)
            return report;
        var before = await store.Find(Collection, LastRun);
        await store.WriteDocumentAsync(Collection, LastRun, before?.Version ?? 0, JsonSerializer.SerializeToUtf8Bytes(report, StateSourceJson.Default.StateReport), CancellationToken.None);
        if (differences > 0 || read.Any(r => r.Report.Fault is not null))
            logger.Found(report.Compared, differences, repaired, string.Join("; ", read.Where(r => r.Report.Fault is not null).Select(r => $"{r.Source.Name}: {r.Report.Fault}")));
        return report;
    }

    private static async Task<StateDifference> Repair(StateDifference difference, IStateSource source, StateEntry right)
    {
        try
        {
            await source.RepairAsync(right, CancellationToken.None);
            return difference with { Repaired = true };
        }
        catch (StateSourceException e)
        {
            return difference with { Reason = e.Message };
        }
    }

    /// <summary>All that a source has. Where a part cannot be read, nothing of it is compared: what it lacks might be in the rest.</summary>
    private static async Task<(IStateSource Source, Dictionary<string, StateEntry> Entries, StateSourceReport Report)> Read(IStateSource source)
    {
        var entries = new Dictionary<string, StateEntry>(StringComparer.Ordinal);
        string? fault = null;
        try
        {
            string? cursor = null;
            do
            {
                var page = await source.ReadAsync(cursor, PageSize, CancellationToken.None);
                foreach (var entry in page.Entries)
                    entries[entry.Id] = entries.TryGetValue(entry.Id, out var other) ? StateComparison.Newest(other, entry) : entry;
                cursor = page.NextCursor;
            }
            while (cursor is not null && entries.Count <= MostEntries);
            if (entries.Count > MostEntries)
                fault = $"It has more than {MostEntries} entries, which are not compared at once: let it give those that are open or changed lately.";
        }
        catch (StateSourceException e)
        {
            fault = e.Message;
        }

        return (source, entries, new(source.Name, source.Rank, entries.Count, fault));
    }

    /// <summary>Jobs of the grid that were submitted within the window.</summary>
    private async Task<IReadOnlyList<string>> Recent()
    {
        var (ids, since, cursor) = (new List<string>(), clock.Now - (long)_options.Window.TotalMilliseconds, (string?)null);
        do
        {
            (var jobs, cursor) = await lister.List(new JobFilter { Limit = PageSize, Cursor = cursor });
            ids.AddRange(jobs.Where(j => j.Record.CreatedAt >= since).Select(j => j.Id));
            if (jobs.Count > 0 && jobs[^1].Record.CreatedAt < since)
                break;
        }
        while (cursor is not null && ids.Count < MostEntries);
        return ids;
    }

    private async Task<StateEntry?> InGrid(string id)
    {
        if (id.Length is 0 or > StoreLimits.JobIdLength || await lanes.Read(id) is not { } stored)
            return null;
        if (SagaStore.SagaOf(id) is { } saga)
        {
            var (run, _) = SagaStore.Read(saga, stored.Record);
            return new(id, run.Status.Name(), run.Steps.SelectMany(s => s.Units).Select(u => u.EndedAt ?? u.StartedAt ?? 0).Append(run.FinishedAt ?? run.CreatedAt).Max());
        }

        var job = JobRecordFormat.Read(id, stored.Record);
        return new(id, job.Status.Name(), Math.Max(Math.Max(job.CreatedAt, job.LastGrant?.At ?? 0), Math.Max(job.StartedAt ?? 0, job.FinishedAt ?? 0)));
    }
}

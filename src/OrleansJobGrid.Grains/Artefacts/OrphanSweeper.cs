using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Artefacts;

/// <summary>Sweeps at each interval, on one silo of all: the first that writes down the turn takes it.</summary>
internal sealed class OrphanSweeper(
    IJobStore store, IArtefactStore artefacts, StoreClock clock, ArtefactOptions settings, IOptions<JobGridOptions> grid, TimeProvider time, ILogger<OrphanSweeper> logger)
    : BackgroundService
{
    internal const string Collection = "sweeps";
    internal const string Turn = "orphans";

    /// <summary>So often in an interval each silo looks whether it is time.</summary>
    private const int LooksAnInterval = 12;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>How long what nobody refers to stays: never less than the longest attempt that the settings allow, and a day.</summary>
    internal TimeSpan Keep
    {
        get
        {
            var longest = grid.Value.AttemptTimeouts.Values.Append(grid.Value.AttemptTimeout).Max() + Day;
            return settings.KeepOrphans > longest ? settings.KeepOrphans : longest;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.SweepInterval == TimeSpan.Zero)
            return;
        try
        {
            var pause = settings.SweepInterval / LooksAnInterval;
            // Silos that start together need not look together.
            var wait = pause * (RandomNumberGenerator.GetInt32(1, 1_000) / 1_000.0);
            while (true)
            {
                await Task.Delay(wait, time, stoppingToken);
                await Look(stoppingToken);
                wait = pause;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    /// <summary>Sweeps, where it is time to and no other silo did.</summary>
    internal async Task Look(CancellationToken cancellationToken)
    {
        try
        {
            if (!await TakeTurn(cancellationToken))
                return;
            var report = await new OrphanSweep(store, artefacts, time).Run(Keep, remove: true, cancellationToken);
            if (report.Count > 0 || report.Unknown > 0)
                logger.OrphansRemoved(report.Uploads, report.Pieces, report.Unfinished, report.Bytes, report.Unknown);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.SweepFailed(e);
        }
    }

    private async Task<bool> TakeTurn(CancellationToken cancellationToken)
    {
        var now = clock.Now;
        var before = (await store.ReadDocumentsAsync(Collection, cancellationToken)).FirstOrDefault(d => d.Key == Turn);
        if (now == 0 || (before is not null && now - BinaryPrimitives.ReadInt64BigEndian(before.Body.Span) < (long)settings.SweepInterval.TotalMilliseconds))
            return false;
        var body = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(body, now);
        return (await store.WriteDocumentAsync(Collection, Turn, before?.Version ?? 0, body, cancellationToken)).Written;
    }
}

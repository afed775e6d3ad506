using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Contracts.Hosting;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Artefacts;
using OrleansJobGrid.Grains.Events;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Operations;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Grains.Reconciliation;
using OrleansJobGrid.Grains.Recovery;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Grains.Workers;

namespace OrleansJobGrid.Grains.Hosting;

/// <summary>Puts the control plane into a silo.</summary>
public static class GridSiloBuilderExtensions
{
    /// <summary>
    /// Adds the grid's grains and their services. The caller registers <c>IJobStore</c> and <c>IArtefactStore</c>, clustering and
    /// reminders.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="gpus">UUIDs of the GPUs of its machine that its workers stand for.</param>
    public static ISiloBuilder AddJobGrid(this ISiloBuilder builder, params IReadOnlyList<string> gpus)
    {
        var services = builder.Services;
        builder.UseSiloMetadata(new Dictionary<string, string> { [LocalDevices.MetadataKey] = string.Join(',', gpus) });
        services.AddSingleton(new LocalDevices(gpus));
        services.AddPlacementDirector<DevicePlacement, DevicePlacementDirector>();
        services.AddGridFaults();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<JobGridOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<JobGridOptions>, JobGridOptionsValidator>();
        services.AddSingleton<IValidateOptions<JobGridOptions>, RetryOptionsReader>();
        services.AddSingleton<IValidateOptions<JobGridOptions>, QueueOptionsCheck>();
        services.AddSingleton<IValidateOptions<JobGridOptions>, SagaOptionsCheck>();
        services.AddSingleton(s => RetryOptionsReader.Read(s.GetRequiredService<IOptions<JobGridOptions>>().Value, out _));
        services.AddSingleton<StoreClock>();
        services.AddSingleton<StoreLanes>();
        services.AddSingleton<ClaimLanes>();
        services.AddSingleton<HintSender>();
        services.AddSingleton<RecentSubmissions>();
        services.AddSingleton<BackoffReminders>();
        services.AddSingleton<WorkerDesk>();
        services.AddSingleton<IWorkerLink>(s => s.GetRequiredService<WorkerDesk>());
        services.AddSingleton<WorkerRegistry>();
        services.AddSingleton<QueuePauses>();
        services.AddSingleton<WorkerDirectory>();
        services.AddSingleton<RegistrySweep>();
        services.AddSingleton<QueuePolicies>();
        services.AddSingleton<WorkflowPlaces>();
        services.AddSingleton<JobLister>();
        services.AddSingleton<SessionWatcher>();
        services.AddSingleton<LongPolls>();
        services.AddHostedService(provider => provider.GetRequiredService<LongPolls>());
        services.AddSingleton<SagaCalls>();
        services.AddSingleton<IValidateOptions<JobGridOptions>, EventOptionsCheck>();
        services.AddSingleton<Deliveries>();
        services.AddSingleton<IValidateOptions<JobGridOptions>, ReconciliationOptionsCheck>();
        services.AddSingleton<StateSourceHttp>();
        services.AddHostedService<GridPulse>();
        services.TryAddSingleton(new ArtefactOptions());
        services.AddSingleton<UploadUse>();
        services.AddHostedService<OrphanSweeper>();
        // A running job reports at least its worker's word now and then; a job that nobody speaks of need not stay in memory.
        services.Configure<GrainCollectionOptions>(o => o.CollectionAge = TimeSpan.FromMinutes(5));
        // Orleans keeps where a million grains are; a job's is of use while it runs, and what is kept of jobs that are over must be traversed by each collection.
        services.Configure<GrainDirectoryOptions>(o => o.CacheSize = 20_000);
        // A job leaves memory as soon as nobody runs or watches it, so a call may meet several activations that are leaving.
        services.Configure<SiloMessagingOptions>(o => o.MaxForwardCount = 10);
        // A killed process is noticed in 1 to 2 s, a hung one in 6 to 8 s; tighter probes evict silos that only lack processor time.
        services.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(1);
            o.NumMissedProbesLimit = 3;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            // A silo joins once those that look alive answer it: after a death of all, the dead look alive for three of these.
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
            o.NumMissedTableIAmAliveLimit = 3;
            o.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(30);
        });
        return builder;
    }

    /// <summary>
    /// Keeps the control plane off this silo: of the grid's grains it hosts only those that stand for its workers. The cluster then
    /// needs another silo with the role <c>grid</c>.
    /// </summary>
    public static ISiloBuilder HostWorkersOnly(this ISiloBuilder builder)
    {
        builder.Services.PostConfigure<GrainTypeOptions>(o =>
            o.Classes.RemoveWhere(c => c.Assembly == typeof(WorkerGrain).Assembly && c != typeof(WorkerGrain)));
        foreach (var beat in builder.Services.Where(s => s.ImplementationType == typeof(GridPulse) || s.ImplementationType == typeof(OrphanSweeper)).ToList())
            builder.Services.Remove(beat);
        return builder;
    }
}

[OptionsValidator]
internal sealed partial class JobGridOptionsValidator : IValidateOptions<JobGridOptions>;

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Grains.Events;
using OrleansJobGrid.Grains.Reconciliation;
using OrleansJobGrid.Grains.Sagas;

namespace OrleansJobGrid.Grains.Hosting;

/// <summary>Settings of the control plane, section <c>JobGrid</c> of the configuration.</summary>
public sealed class JobGridOptions
{
    /// <summary>
    /// How long a worker's session lives without a heartbeat. Shorter finds dead machines sooner, longer forgives pauses of the
    /// network or the process. Default 8 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a grant may stay unconfirmed by its worker's heartbeats before it is taken back. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan UnconfirmedGrant { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest attempt of a job that names none and whose service names none. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Longest attempt by service, before <see cref="AttemptTimeout"/>.</summary>
    public Dictionary<string, TimeSpan> AttemptTimeouts { get; } = [];

    /// <summary>How long the same bytes are sent again to a store that does not answer. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan StoreResend { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How failures are tried again, by service (or <c>*</c>) and class; see <see cref="RetryOptions"/>. Default none: as the classes do.
    /// </summary>
    public Dictionary<string, Dictionary<string, RetryOptions>> Retries { get; } = [];

    /// <summary>How long jobs are kept after their end.</summary>
    [ValidateObjectMembers]
    public KeepOptions Keep { get; set; } = new();

    /// <summary>Sagas.</summary>
    [ValidateObjectMembers]
    public SagaOptions Sagas { get; set; } = new();

    /// <summary>Events and their subscriptions.</summary>
    [ValidateObjectMembers]
    public EventOptions Events { get; set; } = new();

    /// <summary>Reconciliation of the states that other systems keep.</summary>
    [ValidateObjectMembers]
    public ReconciliationOptions Reconciliation { get; set; } = new();

    /// <summary>Limits of recovery.</summary>
    [ValidateObjectMembers]
    public RecoveryOptions Recovery { get; set; } = new();

    /// <summary>How queues choose, by name, or <c>*</c>; see <see cref="QueueOptions"/>. Default: in strict order.</summary>
    public Dictionary<string, QueueOptions> Queues { get; } = [];

    /// <summary>What customers may have, by id, or <c>*</c>; see <see cref="CustomerOptions"/>. Default: no limits.</summary>
    public Dictionary<string, CustomerOptions> Customers { get; } = [];

    /// <summary>Computes priorities of jobs that name none.</summary>
    [ValidateObjectMembers]
    public PriorityPolicyOptions PriorityPolicy { get; set; } = new();

    /// <summary>
    /// After how long a worker that is not heard of any more is forgotten: until then jobs that only it could do wait for it, and are
    /// not shown as unworkable. Default 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "365.00:00:00")]
    public TimeSpan ForgetWorkersAfter { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Whether silos gather figures for the Orleans dashboard and gateways show it. The same on all processes. Default true.</summary>
    public bool Dashboard { get; set; } = true;

    /// <summary>The wait that <c>wanted_workers</c> of the demand signal aims at. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan TargetWait { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Reminders registered by a silo at a time, for backoffs of 60 s and more. Their loss loses nothing. Default 10,000.</summary>
    [Range(0, 1_000_000)]
    public int ReminderBudget { get; set; } = 10_000;
}

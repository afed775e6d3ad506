using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>Keeps the worker's registration true.</summary>
internal sealed partial class WorkerGrain
{
    private static readonly TimeSpan SeenAgain = TimeSpan.FromMinutes(1);
    private static readonly (Registration? Registration, long Version)? New = (null, 0);

    private (Registration? Registration, long Version)? _stored;
    private WorkerProfile? _registered;
    private long _registeredAt;
    private bool _ordered;

    public Task RegistrationChanged()
    {
        (_stored, _registered, _ordered) = (null, null, true);
        return Task.CompletedTask;
    }

    /// <summary>Writes what changed, and each minute that it was seen; a heartbeat in between writes nothing.</summary>
    private async Task Register(WorkerProfile profile)
    {
        var seen = time.GetElapsedTime(_registeredAt) < SeenAgain;
        if (seen && ReferenceEquals(_registered, profile))
            return;
        if (!seen || _stored is not { Registration: { } stored } || !stored.SameAs(Registration.Of(profile, stored, stored.LastSeenAt)))
        {
            // A worker that is not known to this activation is mostly a new one; after an order it is not.
            _stored = await registry.Change(WorkerId, before => Registration.Of(profile, before, lanes.Clock.Now), _stored ?? (_ordered ? null : New));
            _ordered = false;
            _registeredAt = time.GetTimestamp();
        }

        _registered = profile;
    }

    /// <summary>A worker that says farewell is not waited for; one that is to drain is known again when it comes back.</summary>
    private Task Unregister() => registry.Change(WorkerId, before => before?.Drain is null ? null : before);
}

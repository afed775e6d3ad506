using Orleans.Runtime;

namespace OrleansJobGrid.Host.Hosting.Membership;

/// <summary>
/// The cluster's table of silos with all times on the store's clock. Silos compare each other's times with their own clocks; were one of those
/// off, or stepped, a silo that lives would look silent, and one that is dead would look alive until the others' clocks have passed it, and
/// while one looks alive nobody joins whom it does not answer.
/// </summary>
/// <param name="inner">The table as it is stored.</param>
/// <param name="storeNow">The store's wall clock.</param>
/// <param name="time">This process's clock, that Orleans compares with.</param>
/// <param name="tolerance">How far ahead of the store's clock a time may be before nothing is given for it.</param>
internal sealed class StoreTimeMembershipTable(IMembershipTable inner, Func<Task<DateTime>> storeNow, TimeProvider time, TimeSpan tolerance)
    : IMembershipTable
{
    /// <summary>Less than this is the way to the store and back. A view that is the same is to look the same.</summary>
    private static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(250);

    /// <summary>Longer than any silo may be silent.</summary>
    private static readonly TimeSpan LongAgo = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private TimeSpan _ahead;

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        inner.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) =>
        inner.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    public async Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) =>
        await inner.CleanupDefunctSiloEntriesAsync(beforeDate - await Ahead(), cancellationToken);

    public async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) =>
        Local(await inner.ReadRowAsync(key, cancellationToken), await Ahead());

    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken) =>
        Local(await inner.ReadAllAsync(cancellationToken), await Ahead());

    public async Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        await inner.InsertRowAsync(Moved(entry, -await Ahead()), tableVersion, cancellationToken);

    public async Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
        await inner.UpdateRowAsync(Moved(entry, -await Ahead()), etag, tableVersion, cancellationToken);

    public async Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) =>
        await inner.UpdateIAmAliveAsync(Moved(entry, -await Ahead()), cancellationToken);

    Task IMembershipTable.InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    Task IMembershipTable.DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    Task IMembershipTable.CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadAll() => ReadAllAsync(CancellationToken.None);

    Task<bool> IMembershipTable.InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion, CancellationToken.None);

    Task<bool> IMembershipTable.UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    Task IMembershipTable.UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    /// <summary>How far this process's clock is ahead of the store's.</summary>
    private async Task<TimeSpan> Ahead()
    {
        var ahead = time.GetUtcNow().UtcDateTime - await storeNow();
        lock (_lock)
            return (ahead - _ahead).Duration() > Noise ? _ahead = ahead : _ahead;
    }

    private MembershipTableData Local(MembershipTableData table, TimeSpan ahead)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return new([.. table.Members.Select(m => Tuple.Create(Local(m.Item1, ahead, now), m.Item2))], table.Version);
    }

    private MembershipEntry Local(MembershipEntry entry, TimeSpan ahead, DateTime now)
    {
        var local = Moved(entry, ahead);
        if (local.IAmAliveTime <= now + tolerance && local.StartTime <= now + tolerance)
            return local;
        // Written before the store's own clock was set back; a silo that lives writes anew within two seconds.
        (local.StartTime, local.IAmAliveTime) = (now - LongAgo, now - LongAgo);
        return local;
    }

    private static MembershipEntry Moved(MembershipEntry entry, TimeSpan by) => new()
    {
        SiloAddress = entry.SiloAddress,
        Status = entry.Status,
        SuspectTimes = entry.SuspectTimes?.ConvertAll(s => Tuple.Create(s.Item1, s.Item2 + by)),
        ProxyPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = entry.StartTime + by,
        IAmAliveTime = entry.IAmAliveTime + by,
    };
}

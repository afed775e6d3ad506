using System.Net;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;
using OrleansJobGrid.Host.Hosting.Membership;
using Xunit;

namespace OrleansJobGrid.UnitTests.Hosting;

public sealed class MembershipTests
{
    private static readonly DateTime StoreNow = new(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly IPEndPoint Own = new(IPAddress.Parse("10.0.0.5"), 11111);
    private static readonly SiloAddress Silo = SiloAddress.New(Own, 7);
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private readonly KeptTable _kept = new();

    [Theory]
    [InlineData(100, "S10.0.0.5:11111:99", 100)]
    [InlineData(100, "S10.0.0.5:11111:100", 101)]
    [InlineData(100, "S10.0.0.5:11111:700", 701)]
    [InlineData(100, "S10.0.0.5:1111:700", 100)]
    [InlineData(100, "S10.0.0.50:11111:700", 100)]
    [InlineData(100, "Version", 100)]
    public void A_silo_comes_after_all_that_the_table_has_of_its_endpoint(int byClock, string row, int expected) =>
        Assert.Equal(expected, MembershipRedis.NextGeneration(byClock, ["Version", row], Own));

    [Fact]
    public async Task What_one_silo_writes_another_reads_as_if_their_clocks_agreed()
    {
        var (fast, slow) = (TableOf(TimeSpan.FromMinutes(10)), TableOf(-TimeSpan.FromMinutes(3)));

        await fast.InsertRowAsync(EntryAt(StoreNow.AddMinutes(10)), new(1, "1"), default);
        var read = Assert.Single((await slow.ReadAllAsync(default)).Members).Item1;

        Assert.Equal(StoreNow, _kept.Entry!.IAmAliveTime);
        Assert.Equal(StoreNow.AddMinutes(-3), read.IAmAliveTime);
        Assert.Equal(StoreNow.AddMinutes(-4), read.StartTime);
        Assert.Equal(StoreNow.AddMinutes(-3).AddSeconds(-1), Assert.Single(read.SuspectTimes!).Item2);
    }

    [Fact]
    public async Task What_is_written_back_is_what_was_read()
    {
        _kept.Entry = EntryAt(StoreNow.AddSeconds(-5));
        var table = TableOf(TimeSpan.FromMinutes(10));
        var read = Assert.Single((await table.ReadRowAsync(Silo, default)).Members).Item1;
        read.Status = SiloStatus.Dead;

        await table.UpdateRowAsync(read, "1", new(2, "2"), default);

        Assert.Equal(SiloStatus.Dead, _kept.Entry.Status);
        Assert.Equal(StoreNow.AddSeconds(-5), _kept.Entry.IAmAliveTime);
        Assert.Equal(StoreNow.AddSeconds(-6), Assert.Single(_kept.Entry.SuspectTimes!).Item2);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, false)]
    public async Task A_time_ahead_of_the_stores_own_clock_is_no_sign_of_life(int secondsAhead, bool alive)
    {
        _kept.Entry = EntryAt(StoreNow.AddSeconds(secondsAhead));

        var read = Assert.Single((await TableOf(TimeSpan.Zero).ReadAllAsync(default)).Members).Item1;

        Assert.Equal(alive, read.IAmAliveTime > StoreNow.AddMinutes(-30));
        Assert.Equal(alive, read.StartTime > StoreNow.AddMinutes(-30));
    }

    [Fact]
    public async Task The_way_to_the_store_does_not_change_what_is_read()
    {
        _kept.Entry = EntryAt(StoreNow.AddSeconds(-5));
        var (time, late) = (new FakeTimeProvider(StoreNow), TimeSpan.Zero);
        var table = new StoreTimeMembershipTable(_kept, () => Task.FromResult(StoreNow - late), time, Tolerance);
        var before = Assert.Single((await table.ReadAllAsync(default)).Members).Item1.IAmAliveTime;

        late = TimeSpan.FromMilliseconds(40);
        var after = Assert.Single((await table.ReadAllAsync(default)).Members).Item1.IAmAliveTime;

        Assert.Equal(before, after);
    }

    private StoreTimeMembershipTable TableOf(TimeSpan ahead) =>
        new(_kept, () => Task.FromResult(StoreNow), new FakeTimeProvider(StoreNow + ahead), Tolerance);

    private static MembershipEntry EntryAt(DateTime alive) => new()
    {
        SiloAddress = Silo,
        Status = SiloStatus.Active,
        HostName = "host",
        SiloName = "silo",
        StartTime = alive.AddMinutes(-1),
        IAmAliveTime = alive,
        SuspectTimes = [Tuple.Create(Silo, alive.AddSeconds(-1))],
    };

    /// <summary>A table of one silo.</summary>
    private sealed class KeptTable : IMembershipTable
    {
        public MembershipEntry? Entry { get; set; }

        private MembershipTableData Data => new([Tuple.Create(Entry!, "1")], new TableVersion(1, "1"));

        public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

        public Task DeleteMembershipTableEntries(string clusterId) => Task.CompletedTask;

        public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Task.CompletedTask;

        public Task<MembershipTableData> ReadRow(SiloAddress key) => Task.FromResult(Data);

        public Task<MembershipTableData> ReadAll() => Task.FromResult(Data);

        public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => Keep(entry);

        public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => Keep(entry);

        public Task UpdateIAmAlive(MembershipEntry entry) => Keep(entry);

        private Task<bool> Keep(MembershipEntry entry)
        {
            Entry = entry;
            return Task.FromResult(true);
        }
    }
}

using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Workers;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Workers;

public sealed class WorkerGrantsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly WorkerGrants _grants;
    private readonly HeldGrant _a = Grant("a");
    private readonly HeldGrant _b = Grant("b");

    public WorkerGrantsTests() => _grants = new(_time);

    [Fact]
    public void A_grant_that_is_not_listed_for_so_long_is_unconfirmed_and_one_that_is_listed_begins_anew()
    {
        Set(_a);
        Set(_b);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Empty(Unconfirmed(_a));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([_b], Unconfirmed(_a));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal([_b], Unconfirmed());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([_a, _b], Unconfirmed().OrderBy(g => g.JobId, StringComparer.Ordinal));
    }

    [Fact]
    public void What_was_granted_while_a_heartbeat_was_on_its_way_is_not_missing_from_it()
    {
        var arrived = _time.GetTimestamp();
        Set(_a);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(_grants.Unconfirmed([], arrived, Limit));
        Assert.Equal([_a], Unconfirmed());
    }

    [Fact]
    public void A_later_grant_of_the_same_job_is_another()
    {
        Set(_a);
        var later = _a with { Token = new(2, Guid.NewGuid()) };
        Set(later);
        _grants.Drop(_a.JobId, _a.Token);
        Assert.Equal([_a], _grants.Unknown([_a, later]).Concat(_grants.Unknown([_a, later])));
        Assert.False(_grants.TryAdd(_a.JobId, _a.Token));
        _time.Advance(Limit);
        Assert.Equal([later], Unconfirmed(_a));
    }

    [Fact]
    public void A_list_that_was_on_its_way_when_a_grant_ended_asks_nothing_and_orders_nothing()
    {
        Set(_a);
        Assert.False(_grants.IsOver(_a, []));
        _grants.Drop(_a.JobId, _a.Token);
        Assert.True(_grants.IsOver(_a, [_a]));
        Assert.Empty(_grants.Unknown([_a]));

        Assert.False(_grants.IsOver(_a, [_a]));
        Assert.Equal([_a], _grants.Unknown([_a]));
        Assert.True(_grants.IsOver(_a, []));
    }

    [Fact]
    public void Another_session_knows_nothing_and_reads_the_leases()
    {
        Assert.True(_grants.IsUnsure);
        _grants.IsUnsure = false;
        Set(_a);
        _grants.Clear();
        Assert.True(_grants.IsUnsure);
        Assert.False(_grants.Has("a"));
        _time.Advance(Limit);
        Assert.Empty(Unconfirmed());
    }

    [Fact]
    public async Task Claims_and_reports_write_it_from_any_thread_while_heartbeats_read_it()
    {
        const int Threads = 8;
        const int Each = 500;
        var beats = Task.Run(() =>
        {
            while (!_grants.Has("last"))
                Assert.True(Unconfirmed().Count + _grants.Unknown([_a]).Count <= 1);
        });
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var n = 0; n < Each; n++)
            {
                var grant = Grant($"job-{thread}-{n}");
                Set(grant);
                if (n % 2 == 0)
                    _grants.Drop(grant.JobId, grant.Token);
            }
        })));
        Set(Grant("last"));
        await beats;
        _time.Advance(Limit);
        Assert.Equal((Threads * Each / 2) + 1, Unconfirmed().Count);
    }

    private static HeldGrant Grant(string jobId) => new(jobId, new(1, Guid.NewGuid()));

    private void Set(HeldGrant grant) => _grants.Set(grant.JobId, grant.Token);

    private List<HeldGrant> Unconfirmed(params HeldGrant[] listed) => _grants.Unconfirmed([.. listed], _time.GetTimestamp(), Limit);
}

using OrleansJobGrid.Grains.Recovery;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Recovery;

public sealed class SessionDeathTests
{
    private const long LeaseEnd = 100_000;
    private const string Marked = "its session ended";
    private const string Process = "its worker's process is dead";
    private const string Lease = "its worker's lease ended without a sign of life";

    [Theory]
    // ended, process dead, for ms, linger ms, clock, outage until then or not at all
    [InlineData(false, false, 0, 0, LeaseEnd, false, null)]
    [InlineData(false, false, 0, 0, LeaseEnd + 999, false, null)]
    [InlineData(false, false, 0, 0, LeaseEnd + 1_000, false, Lease)]
    [InlineData(false, false, 0, 0, LeaseEnd + 60_000, true, null)]
    [InlineData(false, false, 0, 5_000, LeaseEnd + 5_999, false, null)]
    [InlineData(false, false, 0, 5_000, LeaseEnd + 6_000, false, Lease)]
    [InlineData(false, true, 0, 0, LeaseEnd - 7_000, false, Process)]
    [InlineData(false, true, 0, 0, LeaseEnd - 7_000, true, Process)]
    [InlineData(false, true, 4_999, 5_000, LeaseEnd - 7_000, false, null)]
    [InlineData(false, true, 5_000, 5_000, LeaseEnd - 7_000, false, Process)]
    [InlineData(true, false, 0, 5_000, LeaseEnd - 7_000, true, Marked)]
    [InlineData(true, true, 0, 5_000, LeaseEnd - 7_000, false, Process)]
    public void Of_EverySign(bool ended, bool dead, long deadFor, long linger, long clock, bool outage, string? reason)
    {
        var session = new SessionRecord("session", "worker", "", default, LeaseEnd, ended);
        Assert.Equal(reason, SessionDeath.Of(session, new(dead, deadFor, linger), clock, outage ? clock + 1 : 0)?.Reason);
    }

    [Theory]
    [InlineData(false, LeaseEnd - 1, SessionEndCause.LeaseEnded)]
    [InlineData(false, LeaseEnd + 1, SessionEndCause.Outage)]
    [InlineData(true, LeaseEnd + 1, SessionEndCause.ProcessDead)]
    public void Of_AnEndAfterAnOutage_IsNotHeldAgainstAJob_UnlessItsProcessDied(bool dead, long outageUntil, SessionEndCause cause)
    {
        var session = new SessionRecord("session", "worker", "", default, LeaseEnd);
        Assert.Equal(cause, SessionDeath.Of(session, new(dead, 0, 0), LeaseEnd + 20_000, outageUntil)?.Cause);
    }
}

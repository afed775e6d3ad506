using System.Diagnostics;
using System.Globalization;
using OrleansJobGrid.Grains.Recovery;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Recovery;

public sealed class ProcessIdentityTests
{
    private static readonly string[] Here = ProcessIdentity.Current.Split('|');

    public ProcessIdentityTests()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("Processes are told apart by /proc, which only Linux has.");
    }

    [Fact]
    public void This_process_is_alive_and_named_by_its_pid()
    {
        Assert.False(ProcessIdentity.IsKnownDead(ProcessIdentity.Current));
        Assert.Equal(4, Here.Length);
        Assert.Equal(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Here[2]);
    }

    [Fact]
    public async Task A_child_is_alive_until_it_is_killed()
    {
        using var child = Process.Start(new ProcessStartInfo("sleep", "600"))!;
        var identity = Identity(child.Id);
        try
        {
            Assert.False(ProcessIdentity.IsKnownDead(identity));
        }
        finally
        {
            child.Kill();
        }

        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(ProcessIdentity.IsKnownDead(identity));
    }

    [Fact]
    public void Another_process_under_the_same_pid_does_not_keep_the_former_one_alive() =>
        Assert.True(ProcessIdentity.IsKnownDead(string.Join('|', Here[0], Here[1], Here[2], Here[3] + "1")));

    [Fact]
    public void A_process_of_another_boot_or_namespace_is_never_known_dead()
    {
        Assert.False(ProcessIdentity.IsKnownDead(string.Join('|', "another-boot", Here[1], "999999999", "1")));
        Assert.False(ProcessIdentity.IsKnownDead(string.Join('|', Here[0], "pid:[1]", "999999999", "1")));
        Assert.True(ProcessIdentity.IsKnownDead(string.Join('|', Here[0], Here[1], "999999999", "1")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("|||")]
    [InlineData("pid 7")]
    public void What_is_no_identity_is_never_known_dead(string identity) => Assert.False(ProcessIdentity.IsKnownDead(identity));

    private static string Identity(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return string.Join('|', Here[0], Here[1], pid.ToString(CultureInfo.InvariantCulture), stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]);
    }
}

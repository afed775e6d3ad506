using System.Diagnostics;
using Xunit;

namespace OrleansJobGrid.UnitTests.Deploy;

/// <summary>deploy/hooks/spot-notice.sh with a notice of a test's own, and a program that writes down how it was called.</summary>
public sealed class SpotNoticeTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobgrid-spot-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task ANotice_DrainsTheWorkersOfTheMachine()
    {
        var program = Program("exit 0");
        var (code, said) = await RunAsync(("SPOT_NOTICE_COMMAND", "true"), ("JOBGRID", program), ("SPOT_NODE", "gpu-7"));
        Assert.True(code == 0, said);
        Assert.Equal(["drain --node gpu-7 --deadline 90s --reason spot notice"], Calls());
        Assert.Contains("draining its workers", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutANode_TheMachineIsItsHostsName()
    {
        var program = Program("exit 0");
        var (code, said) = await RunAsync(("SPOT_NOTICE_COMMAND", "true"), ("JOBGRID", program), ("SPOT_DEADLINE", "20s"));
        Assert.True(code == 0, said);
        var call = Assert.Single(Calls());
        // 'jobgrid drain' takes the name with or without its domain.
        Assert.Equal(Environment.MachineName, call.Split(' ')[2].Split('.')[0]);
        Assert.Contains("--deadline 20s", call, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UntilThereIsANotice_NothingIsDrained()
    {
        // Each look leaves a mark; the third one sees the notice, and nothing may have been drained before.
        var looks = Path.Combine(_folder.FullName, "looks");
        var program = Program("exit 0");
        var notice = $"echo look >> '{looks}'; test ! -e '{Log}' && test $(wc -l < '{looks}') -ge 3";
        var (code, said) = await RunAsync(("SPOT_NOTICE_COMMAND", notice), ("JOBGRID", program), ("SPOT_NODE", "n"));
        Assert.True(code == 0, said);
        Assert.Equal(3, File.ReadAllLines(looks).Length);
        Assert.Single(Calls());
    }

    [Fact]
    public async Task AGridThatDoesNotAnswer_IsAskedAgain()
    {
        var program = Program($"test $(wc -l < '{Log}') -ge 3 || exit 3");
        var (code, said) = await RunAsync(("SPOT_NOTICE_COMMAND", "true"), ("JOBGRID", program), ("SPOT_NODE", "n"));
        Assert.True(code == 0, said);
        Assert.Equal(3, Calls().Length);
    }

    [Fact]
    public async Task ADrainOfWrongUsage_IsNotTriedAgain()
    {
        var (code, said) = await RunAsync(("SPOT_NOTICE_COMMAND", "true"), ("JOBGRID", Program("exit 2")), ("SPOT_NODE", "n"));
        Assert.Equal(2, code);
        Assert.Contains("look at SPOT_DEADLINE and SPOT_NODE", said, StringComparison.Ordinal);
        Assert.Single(Calls());
    }

    [Theory]
    [InlineData("", "0", "set SPOT_NOTICE_COMMAND")]
    [InlineData("/no/such/command", "0", "cannot be run (exit code 127)")]
    [InlineData("false", "5s", "SPOT_INTERVAL is '5s'")]
    public async Task WhatCouldNeverSeeANotice_IsRefused(string notice, string interval, string words)
    {
        var (code, said) = await RunAsync(("SPOT_NOTICE_COMMAND", notice), ("SPOT_INTERVAL", interval), ("JOBGRID", Program("exit 0")));
        Assert.Equal(2, code);
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.Empty(Calls());
    }

    [Fact]
    public async Task AProgramThatIsNotThere_IsSaidAtOnce()
    {
        var (code, said) = await RunAsync(("SPOT_NOTICE_COMMAND", "false"), ("JOBGRID", Path.Combine(_folder.FullName, "none")));
        Assert.Equal(2, code);
        Assert.Contains("put it on the PATH, or name it in JOBGRID", said, StringComparison.Ordinal);
    }

    private string Log => Path.Combine(_folder.FullName, "calls");

    private string[] Calls() => File.Exists(Log) ? File.ReadAllLines(Log) : [];

    private string Program(string then)
    {
        var path = Path.Combine(_folder.FullName, "jobgrid");
        File.WriteAllText(path, $"#!/bin/sh\necho \"$*\" >> '{Log}'\n{then}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static async Task<(int Code, string Said)> RunAsync(params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("/bin/sh", [Path.Combine(AppContext.BaseDirectory, "spot-notice.sh")]) { RedirectStandardError = true };
        start.Environment["SPOT_INTERVAL"] = "0";
        foreach (var name in (string[])["SPOT_NODE", "SPOT_DEADLINE", "JOBGRID"])
            start.Environment.Remove(name);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var script = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            var said = await script.StandardError.ReadToEndAsync(limit.Token);
            await script.WaitForExitAsync(limit.Token);
            return (script.ExitCode, said);
        }
        catch (OperationCanceledException)
        {
            script.Kill(entireProcessTree: true);
            throw;
        }
    }
}

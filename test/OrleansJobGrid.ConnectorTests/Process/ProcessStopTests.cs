using System.Diagnostics;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Processes;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Processes;

/// <summary>Whatever ends a run, the whole tree of its processes ends.</summary>
public sealed class ProcessStopTests : ProcessTestBase
{
    /// <summary>A child, a grandchild that ignores SIGTERM, and one that left the session and its parent.</summary>
    private string Tree => $"""
        echo $$ > {Folder}/child
        sh -c 'trap "" TERM; echo $$ > {Folder}/grandchild; while true; do sleep 1; done' &
        (setsid sh -c 'trap "" TERM; echo $$ > {Folder}/stray; while true; do sleep 1; done' &)
        trap 'exit 0' TERM
        while true; do sleep 0.1; done
        """;

    private Task<int[]> TreePidsAsync() => PidsAsync("child", "grandchild", "stray");

    private Process StartHarness(string script, int silenceMs = 8000)
    {
        var start = new ProcessStartInfo(Harness, ["run", Options.WorkFolder, $"{silenceMs}", Script(script)]) { RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    private async Task<int> GuardPidAsync()
    {
        var pid = 0;
        await UntilAsync("the run's record names its guard and child", () =>
        {
            var record = Directory.EnumerateFiles(Options.WorkFolder, "record", SearchOption.AllDirectories).SingleOrDefault();
            var lines = record is null ? [] : File.ReadAllLines(record);
            pid = lines.Where(l => l.StartsWith("guard ", StringComparison.Ordinal)).Select(l => int.Parse(l.Split(' ')[1], null)).SingleOrDefault();
            return pid != 0 && lines.Any(l => l.StartsWith("child ", StringComparison.Ordinal));
        });
        return pid;
    }

    [Fact]
    public async Task Cancel_EndsTheWholeTree_AlsoWhatIgnoresSigterm()
    {
        Options.StopGrace = TimeSpan.FromMilliseconds(300);
        using var cancel = new CancellationTokenSource();
        var run = RunAsync(new FakeJobContext(Script(Tree)), cancel.Token);
        var pids = await TreePidsAsync();
        Assert.DoesNotContain(pids, Gone);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        // No waiting: it is over when the call is.
        Assert.All(pids, pid => Assert.True(Gone(pid), $"process {pid} lives"));
    }

    [Fact]
    public async Task Cancel_GivesTheGraceToEndInOrder()
    {
        Options.StopGrace = TimeSpan.FromSeconds(30);
        using var cancel = new CancellationTokenSource();
        var run = RunAsync(new FakeJobContext(Script(
            $"trap 'echo tidy > {Folder}/tidy; exit 0' TERM; echo $$ > {Folder}/child; while true; do sleep 0.05; done")), cancel.Token);
        await PidsAsync("child");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.True(File.Exists(Path.Combine(Folder, "tidy")));
    }

    [Fact]
    public async Task Cancel_BeforeTheStart_RunsNothing()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        var context = new FakeJobContext(Script($"echo $$ > {Folder}/child; sleep 60", """, "stdin": "x" """));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(context, cancel.Token));
        Assert.False(File.Exists(Path.Combine(Folder, "child")));
    }

    [Fact]
    public async Task MaxRuntime_EndsTheRun()
    {
        Shell.MaxRuntime = TimeSpan.FromMilliseconds(300);
        var failure = await FailAsync(Script("exec sleep 60"));
        Assert.Equal((FailureClass.Transient, "max_runtime"), (failure.Class, failure.Reason));
    }

    [Fact]
    public async Task EndOfTheChild_EndsWhatItLeftBehind()
    {
        var result = await RunAsync(Script($"(setsid sh -c 'echo $$ > {Folder}/stray; exec sleep 60' &); while [ ! -s {Folder}/stray ]; do sleep 0.02; done"));
        Assert.IsType<CompletedResult>(result);
        Assert.True(Gone((await PidsAsync("stray"))[0]));
    }

    [Fact]
    public async Task ChildThatSignalsItsGroup_DoesNotHitTheGuard()
    {
        var failure = await FailAsync(Script("kill -KILL 0"));
        Assert.Equal("killed", failure.Reason);
    }

    [Fact]
    public async Task KilledGuard_TakesTheTreeAlong_AndTheAttemptFails()
    {
        var run = RunAsync(new FakeJobContext(Script(Tree)));
        var pids = await TreePidsAsync();
        using (var guard = Process.GetProcessById(await GuardPidAsync()))
            guard.Kill();

        var failure = Assert.IsType<FailedResult>(await run);
        Assert.Equal((FailureClass.Transient, "guard_died"), (failure.Class, failure.Reason));
        Assert.All(pids, pid => Assert.True(Gone(pid), $"process {pid} lives"));
    }

    [Fact]
    public async Task KilledWorker_ChildAndGrandchildAreGoneWithinASecond_AndItsSuccessorSweeps()
    {
        using var worker = StartHarness(Tree);
        var pids = await TreePidsAsync();
        worker.Kill();
        await UntilAsync("child, grandchild and stray are gone", () => pids.All(Gone), seconds: 1);

        // A supervisor starts the next one when the kernel has let go of the whole process.
        await worker.WaitForExitAsync(Cancellation);
        using var successor = StartHarness("true");
        Assert.Equal("swept 1\ncompleted\n", await successor.StandardOutput.ReadToEndAsync(Cancellation));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Options.WorkFolder));
    }

    [Fact]
    public async Task KilledWorkerAndGuard_ChildDies_AndTheSuccessorEndsTheRest()
    {
        using var worker = StartHarness(Tree);
        var pids = await TreePidsAsync();
        using (var guard = Process.GetProcessById(await GuardPidAsync()))
        {
            // Stopped first, so that the guard cannot act on the worker's end.
            ProcessTable.Signal(guard.Id, 19);
            worker.Kill();
            guard.Kill();
        }
        await UntilAsync("the child is gone by its parent-death signal", () => Gone(pids[0]), seconds: 5);
        Assert.False(Gone(pids[2]));
        await worker.WaitForExitAsync(Cancellation);

        using var connector = new ProcessConnector(Options, TimeProvider.System);
        await connector.StartAsync(Cancellation);
        Assert.Equal(1, connector.SweptRuns);
        Assert.All(pids, pid => Assert.True(Gone(pid), $"process {pid} lives"));
    }

    [Fact]
    public async Task StoppedWorker_IsSilent_AndItsRunIsEnded()
    {
        using var worker = StartHarness(Tree, silenceMs: 1500);
        var pids = await TreePidsAsync();
        ProcessTable.Signal(worker.Id, 19);
        try
        {
            await UntilAsync("the run of the stopped worker is ended", () => pids.All(Gone), seconds: 10);
        }
        finally
        {
            ProcessTable.Signal(worker.Id, 18);
        }
        Assert.Equal("swept 0\nfailed worker_silent\n", await worker.StandardOutput.ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task Sweep_LeavesTheRunsOfALivingWorkerAlone()
    {
        using var worker = StartHarness(Tree);
        var pids = await TreePidsAsync();
        var guard = await GuardPidAsync();
        using (var other = new ProcessConnector(Options, TimeProvider.System))
        {
            await other.StartAsync(Cancellation);
            Assert.Equal(0, other.SweptRuns);
            Assert.DoesNotContain(pids, Gone);
        }
        worker.Kill();
        await UntilAsync("the tree and its guard are gone", () => pids.Append(guard).All(Gone));
    }
}

using System.Diagnostics;
using OrleansJobGrid.Connectors.Native;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>A child under its guard, as the worker sees it: starts the guard, shows it that the worker lives, reads what the child writes.</summary>
internal static class GuardedRun
{
    private static readonly TimeSpan LongestBeat = TimeSpan.FromSeconds(1);

    /// <summary>Beyond the grace: for the guard's own start and its killing.</summary>
    private static readonly TimeSpan GuardLimit = TimeSpan.FromSeconds(10);

    /// <summary>Runs until child and all descendants are gone.</summary>
    /// <param name="order">What to run. The record file is there already.</param>
    /// <param name="output">Takes stdout.</param>
    /// <param name="errors">Takes stderr.</param>
    /// <param name="count">Called with the length of each piece of either.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Ends the run: SIGTERM, the grace, SIGKILL.</param>
    /// <returns>The guard's status, or null where the guard itself died; what it left was killed then.</returns>
    internal static async Task<string?> RunAsync(
        GuardOrder order, CapturedOutput output, CapturedOutput errors, Action<int> count, TimeProvider time, CancellationToken stop)
    {
        var start = new ProcessStartInfo(order.GuardCommand[0], order.GuardCommand.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A guard that is killed would leave its diagnostics socket behind, and it lives too briefly for the rest to pay.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_gcServer"] = "0";
        using var guard = Process.Start(start)!;
        RunRecord.AddGuard(order.RecordFile, guard.Id);
        var read = Task.WhenAll(
            output.ReadAsync(guard.StandardOutput.BaseStream, count),
            errors.ReadAsync(guard.StandardError.BaseStream, count));

        var ended = guard.WaitForExitAsync(CancellationToken.None);
        var pipe = guard.StandardInput.BaseStream;
        if (!await TellAsync(pipe, order.ToBytes()) || !await BeatAsync(pipe, order, ended, time, stop))
            ProcessTable.Signal(guard.Id, Libc.SigKill);
        await ended;
        if (!File.Exists(order.StatusFile))
            await RunRecord.KillAsync(order.RecordFile, time, CancellationToken.None);
        // Every holder of the pipes is gone, so they end.
        await read;
        return File.Exists(order.StatusFile) ? await File.ReadAllTextAsync(order.StatusFile, CancellationToken.None) : null;
    }

    /// <summary>True when the guard ended; false where it does not although it was asked and its time is over.</summary>
    private static async Task<bool> BeatAsync(Stream pipe, GuardOrder order, Task ended, TimeProvider time, CancellationToken stop)
    {
        var beat = TimeSpan.FromTicks(Math.Min(LongestBeat.Ticks, order.Silence.Ticks / 4));
        long? asked = null;
        while (!ended.IsCompleted)
        {
            var terminate = stop.IsCancellationRequested && asked is null;
            if (terminate)
                asked = time.GetTimestamp();
            if (!await TellAsync(pipe, [terminate ? GuardOrder.Terminate : GuardOrder.Heartbeat]))
                return true; // Its end of the pipe is closed: it is ending.
            if (asked is { } since && time.GetElapsedTime(since) > order.StopGrace + GuardLimit)
                return false;
            using var next = CancellationTokenSource.CreateLinkedTokenSource(asked is null ? stop : CancellationToken.None);
            await Task.WhenAny(ended, Task.Delay(beat, time, next.Token));
            await next.CancelAsync();
        }
        return true;
    }

    /// <summary>False where nobody reads any more.</summary>
    private static async Task<bool> TellAsync(Stream pipe, byte[] bytes)
    {
        try
        {
            await pipe.WriteAsync(bytes);
            await pipe.FlushAsync();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

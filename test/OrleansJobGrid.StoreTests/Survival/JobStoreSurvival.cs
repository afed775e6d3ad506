using System.Diagnostics;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores.Survival;
using Xunit;

namespace OrleansJobGrid.StoreTests.Survival;

/// <summary>
/// A writer in a process of its own is killed at random moments; what it was told stands, and nothing stands half. A backend derives
/// a class from this and says how the writer and the checker come to the same store.
/// </summary>
public abstract class JobStoreSurvival
{
    /// <summary>How many times the writer is killed.</summary>
    protected virtual int Rounds => 5;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The arguments of <c>OrleansJobGrid.StoreWriter</c>, without the seed.</summary>
    protected abstract IReadOnlyList<string> WriterArguments { get; }

    /// <summary>Opens the store that the writer wrote, after the kill.</summary>
    protected abstract Task<IJobStore> OpenAsync();

    /// <summary>Kills the writer, or the server that it writes to; the writer's end is awaited afterwards.</summary>
    protected virtual Task KillAsync(Process writer)
    {
        writer.Kill();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task KilledAtRandomMoments_WhatWasAcknowledgedStandsAndNothingStandsHalf()
    {
        var log = new WriterLog();
        var random = new Random(20);
        for (var round = 0; round < Rounds; round++)
        {
            await WriteUntilKilledAsync(log, round, random.Next(5, 60), TimeSpan.FromMilliseconds(random.NextDouble() * 20));
            await using var store = await OpenAsync();
            var faults = (await log.CompareAsync(store, Token)).Concat(await StoreAudit.FindAsync(store, Token)).ToList();
            Assert.True(faults.Count == 0, $"Round {round}, {faults.Count} faults:\n{string.Join('\n', faults.Take(20))}");
        }
        Assert.True(log.Acknowledged >= 5 * Rounds, $"Only {log.Acknowledged} batches were acknowledged.");
        Assert.NotEqual((0, 0), log.Unanswered);
        TestContext.Current.SendDiagnosticMessage(
            $"{Rounds} kills, {log.Acknowledged} batches acknowledged; unanswered: {log.Unanswered.Written} written whole, {log.Unanswered.NotWritten} not.");
    }

    private async Task WriteUntilKilledAsync(WriterLog log, int round, int acknowledgements, TimeSpan beyond)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "OrleansJobGrid.StoreWriter.exe" : "OrleansJobGrid.StoreWriter");
        using var writer = Process.Start(new ProcessStartInfo(program, [.. WriterArguments, $"{round}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var said = writer.StandardError.ReadToEndAsync(Token);
            var output = writer.StandardOutput;
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
            deadline.CancelAfter(TimeSpan.FromSeconds(60));
            for (var seen = 0; seen < acknowledgements;)
            {
                if (await NextLineAsync(output, round, seen, deadline.Token) is not { } line)
                    throw new InvalidOperationException($"Round {round}: the writer ended by itself: {await said}");
                seen += log.Add(line) ? 1 : 0;
            }
            await Task.Delay(beyond, TimeProvider.System, Token);
            await KillAsync(writer);
            var rest = await output.ReadToEndAsync(deadline.Token);
            // What follows the last line's end was cut off by the kill.
            foreach (var line in rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
                log.Add(line);
        }
        finally
        {
            if (!writer.HasExited)
                writer.Kill();
            await writer.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<string?> NextLineAsync(StreamReader output, int round, int seen, CancellationToken deadline)
    {
        try
        {
            return await output.ReadLineAsync(deadline);
        }
        catch (OperationCanceledException e) when (!Token.IsCancellationRequested)
        {
            throw new TimeoutException($"Round {round}: the writer said nothing more after {seen} acknowledgements.", e);
        }
    }
}

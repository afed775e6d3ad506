using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Processes;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Processes;

/// <summary>Real processes: a connector whose only command is <c>sh</c>, guarded by the harness program.</summary>
public abstract class ProcessTestBase : IDisposable
{
    protected static readonly string Harness = Path.Combine(AppContext.BaseDirectory, "OrleansJobGrid.ProcessHarness");

    protected ProcessTestBase()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("The service process runs on Linux only.");
        Options = new ProcessOptions
        {
            WorkFolder = Path.Combine(Folder, "work"),
            GuardCommand = [Harness, "guard"],
            Commands = { ["sh"] = Shell },
        };
    }

    protected string Folder { get; } = Directory.CreateTempSubdirectory("process-").FullName;

    protected ProcessCommand Shell { get; } = new() { Path = "/bin/sh" };

    protected ProcessOptions Options { get; }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>A payload that runs the script by the allowed command <c>sh</c>.</summary>
    protected static string Script(string script, string more = "") =>
        $$"""{"command": "sh", "args": ["-c", {{JsonSerializer.Serialize(script)}}]{{more}}}""";

    protected async Task<ConnectorResult> RunAsync(FakeJobContext context, CancellationToken? cancellation = null)
    {
        using var connector = new ProcessConnector(Options, TimeProvider.System);
        await connector.StartAsync(Cancellation);
        try
        {
            return await connector.ExecuteAsync(context, cancellation ?? Cancellation);
        }
        finally
        {
            // Whatever the end, nothing of the run stays.
            Assert.Empty(Directory.EnumerateDirectories(Options.WorkFolder, "run-*", SearchOption.AllDirectories));
        }
    }

    protected Task<ConnectorResult> RunAsync(string payload) => RunAsync(new FakeJobContext(payload));

    protected async Task<FailedResult> FailAsync(string payload) => Assert.IsType<FailedResult>(await RunAsync(payload));

    protected static async Task UntilAsync(string phase, Func<bool> holds, double seconds = 20)
    {
        var began = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(began).TotalSeconds > seconds)
                Assert.Fail($"Not within {seconds} s: {phase}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancellation);
        }
    }

    /// <summary>Waits for the files that a script writes its processes' ids into.</summary>
    protected async Task<int[]> PidsAsync(params string[] names)
    {
        var files = names.Select(n => Path.Combine(Folder, n)).ToArray();
        await UntilAsync($"the script wrote {string.Join(", ", names)}", () => files.All(f => File.Exists(f) && File.ReadAllText(f).EndsWith('\n')));
        return [.. files.Select(f => int.Parse(File.ReadAllText(f).Trim(), CultureInfo.InvariantCulture))];
    }

    internal static bool Gone(int pid) => ProcessTable.Find(pid) is not { IsAlive: true };
}

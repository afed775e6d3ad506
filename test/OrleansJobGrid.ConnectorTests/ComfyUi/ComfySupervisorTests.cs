using System.Diagnostics;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.ComfyUi;
using OrleansJobGrid.TestKit.Connectors;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.ComfyUi;

/// <summary>A ComfyUI that the worker keeps running: a real process.</summary>
public sealed class ComfySupervisorTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-comfyui-").FullName;
    private readonly int _port = FreePorts.Next();
    private readonly List<ComfyUiConnector> _connectors = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int? Pid => File.Exists(PidFile) && int.TryParse(File.ReadAllText(PidFile), out var pid) ? pid : null;

    private string PidFile => Path.Combine(_folder, "work", "comfyui-a.pid");

    [Fact]
    public async Task It_is_started_and_after_a_kill_started_again_and_outlives_its_worker()
    {
        var connector = await StartAsync();
        await ProvedAsync(connector);
        Assert.IsType<CompletedResult>(await connector.ExecuteAsync(Job(Workflows.Payload(Workflows.Plain())), Cancellation));
        var first = Pid!.Value;
        Kill(first);
        await UntilAsync(() => Pid is { } pid && pid != first, "it was started again");
        await ProvedAsync(connector);

        var second = Pid!.Value;
        _connectors.Remove(connector);
        await connector.DisposeAsync();
        var heir = await StartAsync();
        await ProvedAsync(heir);
        Assert.IsType<CompletedResult>(await heir.ExecuteAsync(Job(Workflows.Payload(Workflows.Plain(color: 7)), "job-2"), Cancellation));
        Assert.Equal(second, Pid);
    }

    [Fact]
    public async Task After_a_lost_device_it_is_restarted_and_the_failure_has_its_last_lines()
    {
        var connector = await StartAsync();
        await ProvedAsync(connector);
        var first = Pid!.Value;
        var plain = Assert.IsType<FailedResult>(await connector.ExecuteAsync(Job(Workflows.Payload(Workflows.Failing("ValueError", "wrong"))), Cancellation));
        Assert.Contains("START", plain.Evidence.ServiceLog, StringComparison.Ordinal);
        var sticky = Workflows.Payload(Workflows.Failing("RuntimeError", "CUDA error: an illegal memory access was encountered"));
        var failed = Assert.IsType<FailedResult>(await connector.ExecuteAsync(Job(sticky, "job-2"), Cancellation));
        Assert.Equal("gpu_error", failed.Reason);
        Assert.Contains("To see the GUI go to", failed.Evidence.ServiceLog, StringComparison.Ordinal);
        await UntilAsync(() => Pid is { } pid && pid != first, "it was started again");
        await ProvedAsync(connector);
        Assert.IsType<CompletedResult>(await connector.ExecuteAsync(Job(Workflows.Payload(Workflows.Plain()), "job-3"), Cancellation));
    }

    [Fact]
    public async Task One_that_ends_at_its_start_is_told_with_its_last_words()
    {
        var connector = await StartAsync("/bin/sh", "-c", "echo no torch here; exit 3");
        var told = "";
        await UntilAsync(
            async () =>
            {
                told = (await Record.ExceptionAsync(() => connector.ProveAsync("comfyui/a", Cancellation)))?.Message ?? "";
                return told.Contains("exit code 3", StringComparison.Ordinal);
            },
            "its end is told");
        Assert.Contains("no torch here", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_answers_already_is_left_alone()
    {
        await using var theirs = await TestService.ComfyUi.ComfyServer.StartAsync(TestService.ComfyUi.ComfyEdition.V027, Path.Combine(_folder, "theirs"), null, _port);
        var connector = await StartAsync();
        await ProvedAsync(connector);
        await UntilAsync(() => theirs.Knobs.Requests.Count(r => r == "GET /system_stats") > 2, "it was looked at");
        Assert.Null(Pid);
    }

    [Fact]
    public void Wrong_settings_are_named_all_at_once()
    {
        var options = new ComfyUiOptions();
        options.Instances["a"] = "http://127.0.0.1:1";
        options.Supervise["a"] = new() { Command = "python", WorkingFolder = "/no/such" };
        options.Supervise["b"] = new() { Command = "/bin/sh", StopGrace = TimeSpan.FromHours(1) };
        var errors = string.Join('\n', ComfyUiOptionsCheck.Errors(options));
        foreach (var words in (string[])["Supervise:a:Command 'python'", "OnThisMachine", "Supervise:a:WorkingFolder", "Supervise:b names 'b'", "Supervise:b:StopGrace", "WorkFolder ''"])
            Assert.Contains(words, errors, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connector in _connectors)
            await connector.DisposeAsync();
        if (Pid is { } pid)
            Kill(pid);
        Directory.Delete(_folder, recursive: true);
    }

    private static FakeJobContext Job(string payload, string id = "job-1") => new(payload, jobId: id) { UsableInstances = ["comfyui/a"] };

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        catch (ArgumentException)
        {
            // It is gone.
        }
    }

    private static Task ProvedAsync(ComfyUiConnector connector) =>
        UntilAsync(async () => await Record.ExceptionAsync(() => connector.ProveAsync("comfyui/a", Cancellation)) is null, "it answers");

    private static Task UntilAsync(Func<bool> holds, string phase) => UntilAsync(() => Task.FromResult(holds()), phase);

    private static async Task UntilAsync(Func<Task<bool>> holds, string phase)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60), $"Within 60 s did not come: {phase}.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
        }
    }

    private async Task<ComfyUiConnector> StartAsync(params string[] command)
    {
        if (command.Length == 0)
            command = [Path.Combine(AppContext.BaseDirectory, "OrleansJobGrid.TestService"), "comfyui", $"{_port}", Path.Combine(_folder, "comfyui")];
        var options = new ComfyUiOptions { PollInterval = TimeSpan.FromMilliseconds(50), RequestTimeout = TimeSpan.FromSeconds(5), Outage = TimeSpan.FromSeconds(1), WorkFolder = Path.Combine(_folder, "work") };
        options.Instances["a"] = $"http://127.0.0.1:{_port}";
        options.OnThisMachine.Add("a");
        options.Supervise["a"] = new() { Command = command[0], StopGrace = TimeSpan.FromSeconds(2) };
        foreach (var argument in command[1..])
            options.Supervise["a"].Args.Add(argument);
        var connector = new ComfyUiConnector(options, TimeProvider.System);
        _connectors.Add(connector);
        await connector.StartAsync(Cancellation);
        return connector;
    }
}

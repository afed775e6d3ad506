using System.Globalization;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Work;

public sealed class GuardedProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ChildLimit = TimeSpan.FromSeconds(1);

    private static readonly Dictionary<string, string> AllowShell = new()
    {
        ["JOBGRID_PROCESS__COMMANDS__sh__PATH"] = "/bin/sh",
        ["JOBGRID_PROCESS__COMMANDS__sh__ARGS__0"] = "-c",
    };

    /// <summary>The child writes its start and, each 50 ms, that it lives; the file tells whether two ever lived at once.</summary>
    [Fact]
    public async Task Child_is_gone_within_a_second_of_the_workers_kill_and_never_runs_beside_its_successor()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-process-").FullName;
        var pids = Path.Combine(folder, "pids");
        var release = Path.Combine(folder, "release");
        var arguments = new GridArguments(Path.Combine(folder, "data")) { Slots = 1, Environment = AllowShell };
        string id;
        int child;
        await using (var grid = await GridProcess.UpAsync(arguments))
        {
            id = (await grid.Client.SubmitAsync(Shell($"echo $$ >> {pids}; while [ ! -e {release} ]; do sleep 0.05; done; echo done"))).JobId;
            child = (await ChildrenAsync(pids, 1))[0];
            await grid.KillAsync();
        }

        var killed = TimeProvider.System.GetTimestamp();
        await Eventually.GetAsync("the child is gone", ChildLimit, () => Task.FromResult<(object?, string)>((Alive(child) ? null : pids, $"{child} lives")));
        TestContext.Current.SendDiagnosticMessage($"child gone {TimeProvider.System.GetElapsedTime(killed).TotalMilliseconds:0} ms after the kill");

        await using var again = await GridProcess.UpAsync(arguments);
        var successors = await ChildrenAsync(pids, 2);
        Assert.False(Alive(child));
        Assert.True(Alive(successors[1]));
        await File.WriteAllTextAsync(release, "");
        var job = await Eventually.GetAsync("the job completes", Limit, async () =>
        {
            var now = await again.Client.GetJobAsync(id);
            return (now.Status == "completed" ? now : null, now.Status);
        });
        Assert.Equal("done\n", job.Result!.Value.GetProperty("stdout").GetString());
        Assert.Equal(2, (await File.ReadAllLinesAsync(pids)).Length);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Cancel_of_a_running_program_ends_it_and_the_job_is_cancelled()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-process-").FullName;
        var pids = Path.Combine(folder, "pids");
        await using var grid = await GridProcess.UpAsync(new(Path.Combine(folder, "data")) { Slots = 1, Environment = AllowShell });
        var id = (await grid.Client.SubmitAsync(Shell($"echo $$ >> {pids}; sleep 600"))).JobId;
        var child = (await ChildrenAsync(pids, 1))[0];

        await grid.Client.CancelAsync(id);

        await Eventually.GetAsync("the job is cancelled", Limit, async () =>
        {
            var job = await grid.Client.GetJobAsync(id);
            return (job.Status == "cancelled" ? job : null, job.Status);
        });
        Assert.False(Alive(child));
    }

    [Fact]
    public async Task Program_outside_the_allow_list_is_refused_by_name_and_never_tried_again()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-process-").FullName;
        await using var grid = await GridProcess.UpAsync(new(Path.Combine(folder, "data")) { Slots = 1, Environment = AllowShell });
        var id = (await grid.Client.SubmitAsync(new()
        {
            ServiceRequired = "process",
            Payload = new JsonObject { ["command"] = "/usr/bin/rm", ["args"] = new JsonArray("-rf", folder) },
        })).JobId;

        var job = await Eventually.GetAsync("the job fails", Limit, async () =>
        {
            var now = await grid.Client.GetJobAsync(id);
            return (now.Status == "failed" ? now : null, now.Status);
        });
        var failure = Assert.Single(job.Failures!);
        Assert.Equal(("refused", "command_not_allowed"), (failure.FailureClass, failure.FailureReason));
        Assert.Contains("/usr/bin/rm", failure.Message, StringComparison.Ordinal);
        Assert.True(Directory.Exists(folder));
    }

    private static JobSubmission Shell(string script) => new()
    {
        ServiceRequired = "process",
        Payload = new JsonObject { ["command"] = "sh", ["args"] = new JsonArray(script) },
    };

    private static async Task<int[]> ChildrenAsync(string pids, int count) =>
        await Eventually.GetAsync($"{count} children started", Limit, () =>
        {
            var lines = File.Exists(pids) ? File.ReadAllLines(pids) : [];
            return Task.FromResult<(int[]?, string)>(
                (lines.Length >= count ? [.. lines.Select(l => int.Parse(l, CultureInfo.InvariantCulture))] : null, $"{lines.Length} started"));
        });

    private static bool Alive(int processId) =>
        File.Exists($"/proc/{processId}/stat") && !File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
}

using System.Text;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Native;
using OrleansJobGrid.Connectors.Processes;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Processes;

public sealed class ProcessConnectorTests : ProcessTestBase
{
    private static string Text(CompletedResult result, string field) => result.Result![field]!.GetValue<string>();

    private async Task<CompletedResult> CompleteAsync(string payload)
    {
        var result = await RunAsync(payload);
        return result as CompletedResult ?? throw new InvalidOperationException(result.ToString());
    }

    [Fact]
    public async Task Execute_WithInputsStdinAndOutputs_KeepsWhatTheCommandMade()
    {
        var context = new FakeJobContext(Script(
            "cat in.txt - > out.txt; echo said; echo 'progress: 40 half'; echo complained >&2",
            """, "stdin": "from stdin", "inputs": {"in.txt": "sha256-x"}, "outputs": ["out.txt"]"""));
        context.FakeFiles.Inputs["sha256-x"] = Encoding.UTF8.GetBytes("from input, ");

        var result = Assert.IsType<CompletedResult>(await RunAsync(context));
        Assert.Equal(
            """{"exit_code":0,"stdout":"said\nprogress: 40 half\n","stderr":"complained\n","truncated":false}""", result.Result!.ToJsonString());
        var output = Assert.Single(result.Outputs);
        Assert.Equal("job-1/1/out.txt", output.Artefact);
        Assert.Equal("from input, from stdin", Encoding.UTF8.GetString(context.FakeFiles.Outputs["job-1/1/out.txt"]));
        Assert.Equal([(40, "half")], context.Progress);
    }

    [Fact]
    public async Task Execute_Environment_HoldsOnlyWhatWasAllowed()
    {
        Shell.AllowedEnv = ["STYLE"];
        Shell.Env["MODEL"] = "tiny";
        Options.Device = "GPU-1";
        var result = await CompleteAsync(Script("exec /usr/bin/env", """, "env": {"STYLE": "a = b"}"""));

        var lines = Text(result, "stdout").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("STYLE=a = b", lines);
        Assert.Contains("MODEL=tiny", lines);
        Assert.Contains("CUDA_VISIBLE_DEVICES=GPU-1", lines);
        Assert.Contains("JOBGRID_JOB_ID=job-1", lines);
        // The shell itself adds the first two.
        string[] known = ["PWD", "OLDPWD", "_", "SHLVL", "PATH", "HOME", "LANG", "STYLE", "MODEL", "CUDA_VISIBLE_DEVICES",
            "JOBGRID_JOB_ID", "JOBGRID_EPOCH", "JOBGRID_ATTEMPT", "JOBGRID_RUN"];
        Assert.Empty(lines.Select(l => l[..l.IndexOf('=', StringComparison.Ordinal)]).Except(known));
    }

    [Fact]
    public async Task Execute_Child_HasASessionOfItsOwnNoStrayFilesAndPlainSignals()
    {
        // As in a worker that was started with nohup.
        const int sigHup = 1;
        const nint ignored = 1;
        var before = Libc.Signal(sigHup, ignored);
        CompletedResult result;
        try
        {
            result = await CompleteAsync(Script("cut -d' ' -f6 /proc/$$/stat; echo $$; grep SigIgn /proc/$$/status; exec ls /proc/self/fd"));
        }
        finally
        {
            Libc.Signal(sigHup, before);
        }

        var lines = Text(result, "stdout").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines[1], lines[0]);
        Assert.EndsWith("\t0000000000000000", lines[2], StringComparison.Ordinal);
        Assert.Equal(["0", "1", "2", "3"], lines[3..]); // The last one is the listing itself.
    }

    [Fact]
    public async Task Execute_CommandNotInTheList_IsRefusedAndNamesTheSetting()
    {
        var failure = await FailAsync("""{"command": "/bin/sh", "args": ["-c", "true"]}""");
        Assert.Equal((FailureClass.Refused, "command_not_allowed"), (failure.Class, failure.Reason));
        Assert.Contains("'/bin/sh'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("JobGrid:Process:Commands", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_VariableNotAllowed_IsRefusedAndNamesTheSetting()
    {
        var failure = await FailAsync(Script("true", """, "env": {"LD_PRELOAD": "x"}"""));
        Assert.Equal((FailureClass.Refused, "env_not_allowed"), (failure.Class, failure.Reason));
        Assert.Contains("JobGrid:Process:Commands:sh:AllowedEnv", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_MissingInput_IsMalformed()
    {
        var failure = await FailAsync(Script("true", """, "inputs": {"a": "sha256-none"}"""));
        Assert.Equal((FailureClass.Malformed, "missing_artefact"), (failure.Class, failure.Reason));
    }

    [Theory]
    [InlineData("exit 3", FailureClass.Transient, "exit_code")]
    [InlineData("exit 7", FailureClass.Refused, "exit_code")]
    [InlineData("exit 126", FailureClass.Malformed, "not_runnable")]
    [InlineData("exec /no/such/file", FailureClass.Malformed, "not_found")]
    [InlineData("kill -9 $$", FailureClass.ResourceExhaustion, "killed")]
    [InlineData("kill -SEGV $$", FailureClass.Transient, "exit_code")]
    public async Task Execute_ExitCode_IsClassified(string script, FailureClass expected, string reason)
    {
        Shell.ExitCodes[7] = FailureClass.Refused;
        var failure = await FailAsync(Script($"echo last words >&2; {script}"));
        Assert.Equal((expected, reason), (failure.Class, failure.Reason));
        Assert.Contains("last words", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_ProgramThatCannotBeRun_IsMalformedAndSaysWhy()
    {
        var broken = Path.Combine(Folder, "broken");
        await File.WriteAllTextAsync(broken, "neither ELF nor script", Cancellation);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(broken, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Options.Commands["broken"] = new ProcessCommand { Path = broken };
        var failure = await FailAsync("""{"command": "broken"}""");
        Assert.Equal((FailureClass.Malformed, "not_runnable"), (failure.Class, failure.Reason));
        Assert.Contains("execve", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", "missing_output")]
    [InlineData("mkdir out", "invalid_output")]
    [InlineData("ln -s /etc/passwd out", "invalid_output")]
    [InlineData("ln -s /no/such/file out", "invalid_output")]
    [InlineData("mkfifo out", "invalid_output")]
    public async Task Execute_OutputThatIsNoPlainFile_IsMalformedAndKeepsNothing(string script, string reason)
    {
        var context = new FakeJobContext(Script($"echo x > first; {script}", """, "outputs": ["first", "out"]"""));
        var failure = Assert.IsType<FailedResult>(await RunAsync(context));
        Assert.Equal((FailureClass.Malformed, reason), (failure.Class, failure.Reason));
        Assert.Contains("'out'", failure.Message, StringComparison.Ordinal);
        Assert.Empty(context.FakeFiles.Outputs);
    }

    [Fact]
    public async Task Execute_MoreOutputThanKept_KeepsTheEnd()
    {
        Options.KeptOutputBytes = 1024;
        var result = await CompleteAsync(Script("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"));
        Assert.True(result.Result!["truncated"]!.GetValue<bool>());
        Assert.EndsWith("line 1998\nline 1999\n", Text(result, "stdout"), StringComparison.Ordinal);
        Assert.InRange(Text(result, "stdout").Length, 800, 1024);
    }

    [Fact]
    public async Task Execute_MoreOutputThanAllowed_IsEnded()
    {
        Options.MaxOutputBytes = 100_000;
        var failure = await FailAsync(Script("exec cat /dev/zero"));
        Assert.Equal((FailureClass.ResourceExhaustion, "output_limit"), (failure.Class, failure.Reason));
    }

    [Fact]
    public async Task Execute_FolderThatTheCommandClosed_IsRemovedAllTheSame() =>
        await CompleteAsync(Script("mkdir -p a/b; touch a/b/c; chmod 0 a/b a"));

    [Fact]
    public async Task Start_WithWrongSettings_NamesThemAll()
    {
        Options.WorkFolder = "relative";
        Options.Commands["none"] = new ProcessCommand { Path = "/no/such/program" };
        Options.Commands["text"] = new ProcessCommand { Path = "/etc/passwd" };
        using var connector = new ProcessConnector(Options, TimeProvider.System);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => connector.StartAsync(Cancellation));
        Assert.Contains("JobGrid:Process:WorkFolder", error.Message, StringComparison.Ordinal);
        Assert.Contains("'/no/such/program' is not there", error.Message, StringComparison.Ordinal);
        Assert.Contains("'/etc/passwd' is not executable", error.Message, StringComparison.Ordinal);
    }
}

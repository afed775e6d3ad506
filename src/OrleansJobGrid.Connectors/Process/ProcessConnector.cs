using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>
/// The service <c>process</c>: runs a program of the worker's allow list, without a shell, under a guard that ends it and all its
/// descendants with the worker. Linux only.
/// </summary>
/// <remarks>
/// Payload: <c>command</c> (a name of the allow list), <c>args[]</c>, <c>stdin</c> (text), <c>env{}</c> (allowed names), <c>inputs{}</c> (file name to
/// artefact id: put into the working folder), <c>outputs[]</c> (files of the working folder kept as artefacts; after exit code 0 each must be there).
/// Result: <c>{exit_code, stdout, stderr, truncated}</c>, the ends of the streams. A line <c>progress: N</c> or <c>progress: N text</c> on stdout, N from
/// 0 to 100, is reported as progress. The program sees JOBGRID_JOB_ID, JOBGRID_EPOCH, JOBGRID_ATTEMPT and JOBGRID_RUN.
/// </remarks>
public sealed class ProcessConnector : IConnector, IDisposable
{
    private readonly ProcessOptions _options;
    private readonly TimeProvider _time;
    private WorkerFolder? _folder;

    /// <summary>Makes the connector.</summary>
    /// <param name="options">What may be run.</param>
    /// <param name="time">The clock of heartbeats and limits; a real one, since real processes wait for it.</param>
    public ProcessConnector(ProcessOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        (_options, _time) = (options, time);
    }

    /// <inheritdoc/>
    public string Service => "process";

    /// <inheritdoc/>
    public WorkLocation Location => WorkLocation.Child;

    /// <inheritdoc/>
    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromHours(1);

    /// <summary>Runs of dead workers that <see cref="StartAsync"/> ended and removed.</summary>
    public int SweptRuns { get; private set; }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var errors = ProcessOptionsCheck.Errors(_options);
        if (errors.Count > 0)
            throw new InvalidOperationException($"The service process cannot work here: {string.Join(" ", errors)}");
        Directory.CreateDirectory(_options.WorkFolder);
        SweptRuns += await WorkerFolder.SweepAsync(_options.WorkFolder, _time, cancellationToken);
        _folder ??= WorkerFolder.Create(_options.WorkFolder);
    }

    /// <inheritdoc/>
    public async Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        var folder = _folder ?? throw new InvalidOperationException("StartAsync comes first.");
        ProcessPayload payload;
        try
        {
            payload = ProcessPayload.Parse(context.Payload);
        }
        catch (InvalidPayloadException e)
        {
            return ConnectorResult.Failed(FailureClass.Malformed, "invalid_payload", e.Message);
        }
        if (!_options.Commands.TryGetValue(payload.Command, out var command))
        {
            return NotAllowed("command_not_allowed",
                $"payload.command '{payload.Command}' is not in this worker's allow list. Its setting JobGrid:Process:Commands names what may run.");
        }
        if (payload.Env.Keys.FirstOrDefault(name => !command.AllowedEnv.Contains(name)) is { } refused)
        {
            return NotAllowed("env_not_allowed",
                $"payload.env.{refused} may not be set. The worker's setting JobGrid:Process:Commands:{payload.Command}:AllowedEnv names what may.");
        }

        var run = folder.NewRun(context.Epoch);
        try
        {
            return await RunAsync(context, payload, command, run, cancellationToken);
        }
        finally
        {
            WorkerFolder.Remove(run);
        }
    }

    /// <summary>Removes this worker's folder. Its runs must have ended.</summary>
    public void Dispose() => _folder?.Dispose();

    private async Task<ConnectorResult> RunAsync(
        IJobContext context, ProcessPayload payload, ProcessCommand command, string run, CancellationToken cancellationToken)
    {
        var work = Path.Combine(run, "work");
        try
        {
            await RunFiles.PlaceInputsAsync(context.Files, payload.Inputs, work, cancellationToken);
        }
        catch (ArtefactMissingException e)
        {
            return Failed(FailureClass.Malformed, FailureType.ValidationError, "missing_artefact", "prepare", $"payload.inputs: {e.Message}");
        }
        var stdin = "/dev/null";
        if (payload.Stdin is not null)
            await File.WriteAllTextAsync(stdin = Path.Combine(run, "stdin"), payload.Stdin, cancellationToken);
        var mark = Guid.NewGuid().ToString("N");
        var record = Path.Combine(run, WorkerFolder.RecordFile);
        RunRecord.Create(record, mark);

        using var maxRuntime = new CancellationTokenSource(command.MaxRuntime ?? Timeout.InfiniteTimeSpan, _time);
        using var tooMuch = new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, maxRuntime.Token, tooMuch.Token);
        var written = 0L;
        void Count(int bytes)
        {
            if (Interlocked.Add(ref written, bytes) > _options.MaxOutputBytes)
                tooMuch.Cancel();
        }
        void Line(string line)
        {
            if (CapturedOutput.TryReadProgress(line, out var percent, out var message))
                context.ReportProgress(percent, message);
        }
        var output = new CapturedOutput(_options.KeptOutputBytes, Line);
        var errors = new CapturedOutput(_options.KeptOutputBytes, null);
        var order = new GuardOrder
        {
            GuardCommand = _options.GuardCommand,
            Path = command.Path,
            Args = [.. command.Args, .. payload.Args],
            Env = ProcessEnvironment.Of(context, payload, command, context.Gpu ?? _options.Device, mark),
            WorkingFolder = work,
            StdinFile = stdin,
            RecordFile = record,
            StatusFile = Path.Combine(run, "status"),
            Silence = _options.GuardSilence,
            StopGrace = _options.StopGrace,
        };
        var status = await GuardedRun.RunAsync(order, output, errors, Count, _time, stop.Token);

        var exitCode = ExitCode.Read(status);
        if (exitCode is null || tooMuch.IsCancellationRequested)
        {
            // A child that ended by itself did its work, whoever called it off meanwhile.
            cancellationToken.ThrowIfCancellationRequested();
            return Stopped(status, payload.Command, command, tooMuch.IsCancellationRequested, maxRuntime.IsCancellationRequested, errors.End().Text);
        }
        if (ExitCode.Classify(exitCode.Value, command) is { } failure)
            return ExitCode.Failed(failure, exitCode.Value, payload.Command, errors.End().Text);

        var outputs = await RunFiles.KeepOutputsAsync(context.Files, payload.Outputs, work, cancellationToken);
        if (outputs.Failure is { } wrong)
            return wrong;
        var (stdoutText, stdoutCut) = output.End();
        var (stderrText, stderrCut) = errors.End();
        return ConnectorResult.Completed(
            new JsonObject
            {
                ["exit_code"] = exitCode.Value,
                ["stdout"] = stdoutText,
                ["stderr"] = stderrText,
                ["truncated"] = stdoutCut || stderrCut,
            },
            outputs.Kept);
    }

    private ConnectorResult Stopped(string? status, string name, ProcessCommand command, bool tooMuch, bool tooLong, string errors)
    {
        if (tooMuch)
        {
            return Failed(FailureClass.ResourceExhaustion, FailureType.ResourceLimit, FailureReason.OutputLimit, "run",
                $"The command '{name}' wrote more than {_options.MaxOutputBytes} bytes to stdout and stderr (the worker's setting JobGrid:Process:MaxOutputBytes) and was ended. Let it write to a file and name that in payload.outputs.");
        }
        if (tooLong)
        {
            return Failed(FailureClass.Transient, FailureType.Timeout, "max_runtime", "run",
                $"The command '{name}' ran longer than {command.MaxRuntime} (the worker's setting JobGrid:Process:Commands:{name}:MaxRuntime) and was ended.");
        }
        return status == GuardStatus.Silent
            ? Failed(FailureClass.Transient, FailureType.SystemError, "worker_silent", "run",
                $"The worker was stopped or hung for longer than {_options.GuardSilence}, so the guard ended the command '{name}'.")
            : Failed(FailureClass.Transient, FailureType.SystemError, "guard_died", "run",
                $"The guard of the command '{name}' died ({status ?? "without a status"}); what it left was ended. {ExitCode.LastWords(errors)}");
    }

    private static ConnectorResult NotAllowed(string reason, string message) =>
        Failed(FailureClass.Refused, FailureType.AuthError, reason, "prepare", message);

    private static ConnectorResult Failed(FailureClass failureClass, string type, string reason, string stage, string message) =>
        ConnectorResult.Failed(new FailureEvidence { Message = message, KnownClass = failureClass, KnownType = type, KnownReason = reason, Stage = stage });
}

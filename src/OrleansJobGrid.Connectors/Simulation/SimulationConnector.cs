using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Native;

namespace OrleansJobGrid.Connectors.Simulation;

/// <summary>
/// The service <c>simulation</c>: takes time and memory, fails as told, writes a trace of having run. For tests, benchmarks and first steps.
/// </summary>
/// <remarks>
/// Payload, all optional: <c>duration_ms</c> (0 to 86,400,000; default 0), <c>steps</c> (1 to 10,000: progress is reported so often),
/// <c>chunks</c> (1 to 10,000: the duration is done in so many, and goes on after the last one that was done; the result has <c>chunks</c>, and <c>CHUNK job epoch number</c> is appended for each),
/// <c>memory_mb</c> (taken and touched for the duration), <c>result</c> (any JSON, returned), <c>failure</c>
/// (transient, resource_exhaustion, malformed, refused, rate_limited, missing_here, crash: how it ends after its duration), <c>fail_attempts</c> (only the first
/// so many attempts; default all), <c>side_effect_file</c> (absolute; <c>START job epoch</c> is appended before the work, <c>END job epoch</c>
/// right before a completion), <c>model</c> (loaded first, unless it still is; <see cref="SimulationOptions.ModelsKept"/> stay), <c>load_ms</c> (how long
/// that takes, 0 to 86,400,000), <c>gpu_memory_mb</c> (said to be taken of the GPU, 0 to 1,000,000; more than
/// <see cref="SimulationOptions.GpuMemoryMb"/> is CUDA out of memory).
/// </remarks>
public sealed class SimulationConnector : IConnector, IModelHost
{
    private const int MemoryChunkBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan SimulatedRetryAfter = TimeSpan.FromSeconds(1);
    private static readonly Task<ConnectorResult> CompletedWithoutResult = Task.FromResult(ConnectorResult.Completed(null));

    private readonly SimulationOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<string> _crash;
    private readonly SimulatedModels _models;

    /// <summary>Makes the connector.</summary>
    /// <param name="options">What jobs may do.</param>
    /// <param name="time">The clock of the durations.</param>
    public SimulationConnector(SimulationOptions options, TimeProvider time) : this(options, time, Environment.FailFast)
    {
    }

    internal SimulationConnector(SimulationOptions options, TimeProvider time, Action<string> crash)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ModelsKept, 1);
        (_options, _time, _crash) = (options, time, crash);
        _models = new(options.ModelsKept, time);
    }

    /// <inheritdoc/>
    public string Service => "simulation";

    /// <inheritdoc/>
    public WorkLocation Location => WorkLocation.InProcess;

    /// <inheritdoc/>
    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!SimulationPayload.TryParse(context.Payload, _options.MaxMemoryMb, out var payload, out var error))
            return Task.FromResult(ConnectorResult.Failed(FailureClass.Malformed, "invalid_payload", error));
        var fails = payload.Failure != SimulatedFailure.None && context.Attempt <= payload.FailAttempts;
        if (!fails && payload is { DurationMs: 0, Steps: 0, Chunks: 0, MemoryMb: 0, SideEffectFile: null, Model: null, GpuMemoryMb: 0 }
            && !cancellationToken.IsCancellationRequested)
            return payload.Result is { } result ? Task.FromResult(ConnectorResult.Completed(ToNode(result))) : CompletedWithoutResult;
        return RunAsync(context, payload, fails, cancellationToken);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> LoadedModels(ModelPlace place) => _models.Of(place);

    /// <inheritdoc/>
    public long ModelLoads(ModelPlace place) => _models.Loads(place);

    private async Task<ConnectorResult> RunAsync(IJobContext context, SimulationPayload payload, bool fails, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (fails && payload.Failure == SimulatedFailure.Crash && !_options.AllowCrash)
        {
            return NotAllowed("crash_not_allowed",
                "payload.failure 'crash' would end this worker. Its setting JobGrid:Simulation:AllowCrash allows it.");
        }

        string? trace = null;
        if (payload.SideEffectFile is { } file)
        {
            trace = SideEffectFile.Allow(file, _options.SideEffectFolders, out var refusal);
            if (trace is null)
                return NotAllowed("side_effect_file_not_allowed", refusal);
            AppendedLine.Write(trace, $"START {context.JobId} {context.Epoch}");
        }

        List<byte[]>? memory = null;
        try
        {
            memory = Take(payload.MemoryMb, cancellationToken);
        }
        catch (OutOfMemoryException e)
        {
            return ConnectorResult.Failed(FailureEvidence.Of(e, "prepare") with
            {
                Message = $"payload.memory_mb {payload.MemoryMb}: {e.Message}",
                KnownReason = FailureReason.OutOfMemory,
                EstimatedSizeMb = payload.MemoryMb,
            });
        }
        if (payload.Model is { } model)
            await _models.Use(context, model, TimeSpan.FromMilliseconds(payload.LoadMs), cancellationToken);
        if (payload.GpuMemoryMb > _options.GpuMemoryMb)
            return OutOfGpuMemory(payload, _options.GpuMemoryMb.Value);
        if (payload.GpuMemoryMb > 0)
            context.ReportGpuMemory(payload.GpuMemoryMb);
        var made = payload.Chunks > 0 ? await WorkInChunksAsync(context, payload, trace, cancellationToken) : null;
        if (payload.Chunks == 0)
            await PassTimeAsync(context, payload, cancellationToken);
        GC.KeepAlive(memory);

        if (fails)
            return Fail(payload.Failure, context);
        if (trace is not null)
            AppendedLine.Write(trace, $"END {context.JobId} {context.Epoch}");
        return ConnectorResult.Completed(payload.Result is { } result ? ToNode(result) : made);
    }

    private Task<JsonNode?> WorkInChunksAsync(IJobContext context, SimulationPayload payload, string? trace, CancellationToken cancellationToken) => ChunkedWork.RunAsync(
        context, payload.Chunks, new JsonObject { ["chunks"] = 0 },
        async (number, state, token) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds((double)payload.DurationMs / payload.Chunks), _time, token);
            if (trace is not null)
                AppendedLine.Write(trace, $"CHUNK {context.JobId} {context.Epoch} {number}");
            return new JsonObject { ["chunks"] = state!["chunks"]!.GetValue<int>() + 1 };
        },
        cancellationToken);

    private async Task PassTimeAsync(IJobContext context, SimulationPayload payload, CancellationToken cancellationToken)
    {
        var steps = Math.Max(1, payload.Steps);
        var started = _time.GetTimestamp();
        for (var step = 1; step <= steps; step++)
        {
            // From the start, so that what each step is late by does not add up.
            var wait = TimeSpan.FromMilliseconds((double)payload.DurationMs * step / steps) - _time.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, _time, cancellationToken);
            context.ReportProgress(100.0 * step / steps);
        }
    }

    private ConnectorResult Fail(SimulatedFailure failure, IJobContext context)
    {
        var message = $"Simulated in attempt {context.Attempt}, as payload.failure asks.";
        switch (failure)
        {
            case SimulatedFailure.Crash:
                _crash($"Job {context.JobId} simulates a crash, which JobGrid:Simulation:AllowCrash allows.");
                goto case SimulatedFailure.Transient;
            case SimulatedFailure.Transient:
                return Failed(FailureClass.Transient, "simulated_transient", message);
            case SimulatedFailure.ResourceExhaustion:
                return Failed(FailureClass.ResourceExhaustion, "simulated_resource_exhaustion", message);
            case SimulatedFailure.Malformed:
                return Failed(FailureClass.Malformed, "simulated_malformed", message);
            case SimulatedFailure.Refused:
                return Failed(FailureClass.Refused, "simulated_refused", message);
            case SimulatedFailure.MissingHere:
                return Failed(FailureClass.MissingHere, "simulated_missing_here", message);
            case SimulatedFailure.RateLimited:
                return Failed(FailureClass.RateLimited, "simulated_rate_limited", message, SimulatedRetryAfter);
            default:
                throw new InvalidOperationException($"No failure is simulated by '{failure}'.");
        }
    }

    /// <summary>In the words of PyTorch, so that the rules have to read it.</summary>
    private static ConnectorResult OutOfGpuMemory(SimulationPayload payload, int total) => ConnectorResult.Failed(new FailureEvidence
    {
        Message = $"CUDA out of memory. Tried to allocate {payload.GpuMemoryMb} MiB. GPU 0 has a total capacity of {total} MiB.",
        ExceptionType = "torch.OutOfMemoryError",
        Stage = "run",
        GpuMemoryUsedMb = total,
        GpuMemoryTotalMb = total,
        ModelLoaded = payload.Model,
        EstimatedSizeMb = payload.GpuMemoryMb,
    });

    private static ConnectorResult Failed(FailureClass failureClass, string reason, string message, TimeSpan? retryAfter = null) =>
        ConnectorResult.Failed(new FailureEvidence { Message = message, KnownClass = failureClass, KnownReason = reason, RetryAfter = retryAfter, Stage = "run" });

    private static ConnectorResult NotAllowed(string reason, string message) => ConnectorResult.Failed(new FailureEvidence
    {
        Message = message,
        KnownClass = FailureClass.Refused,
        KnownType = FailureType.AuthError,
        KnownReason = reason,
        Stage = "prepare",
    });

    private static List<byte[]> Take(int megabytes, CancellationToken cancellationToken)
    {
        var chunks = new List<byte[]>();
        for (var left = megabytes * 1024L * 1024; left > 0; left -= MemoryChunkBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var chunk = GC.AllocateUninitializedArray<byte>((int)Math.Min(left, MemoryChunkBytes));
            // Memory that was never touched takes no room.
            for (var i = 0; i < chunk.Length; i += 4096)
                chunk[i] = 1;
            chunks.Add(chunk);
        }
        return chunks;
    }

    private static JsonNode? ToNode(JsonElement element) => element.ValueKind switch
    {
        // The payload's document may be gone when the result is read.
        JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(element.Clone()),
        JsonValueKind.Array => JsonArray.Create(element.Clone()),
        _ => JsonValue.Create(element.Clone()),
    };
}

using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace OrleansJobGrid.TestService;

/// <summary>
/// A GPU service as ComfyUI is one: it takes what is posted, executes it as often as it is posted, forgets all when it is restarted
/// (unless told to keep), and knows nothing of those who ask.
/// </summary>
internal sealed class OutsideService : IDisposable
{
    private readonly ConcurrentDictionary<string, Execution> _latest = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _started = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _slots;
    private readonly ExecutionLog _log;
    private readonly Gates _gates;
    private readonly KeptExecutions? _kept;

    public OutsideService(ServiceOptions options, ExecutionLog log, Gates gates)
    {
        (_log, _gates) = (log, gates);
        _slots = new SemaphoreSlim(options.Slots);
        _kept = options.Keep is { } folder ? new KeptExecutions(folder) : null;
        foreach (var (execution, file) in _kept?.Read() ?? [])
        {
            _latest[execution.Request.Id] = execution;
            if (file is not null)
                _files[FileKey(execution.Request)] = file;
        }
    }

    /// <summary>Takes a post; it is on the log when this returns, and runs.</summary>
    public async Task TakeAsync(JobRequest request)
    {
        await _log.AppendAsync("POST", request.Id, request.JobId);
        var execution = new Execution(request);
        _latest.AddOrUpdate(request.Id, execution, (_, before) =>
        {
            execution.Before = before;
            return execution;
        });
        _ = RunAsync(execution);
    }

    /// <summary>What is known of an external id; null: nothing.</summary>
    public JobAnswer? Find(string externalId)
    {
        if (!_latest.TryGetValue(externalId, out var execution))
            return null;
        var request = execution.Request;
        var completed = execution.State == "completed";
        return new(
            execution.State,
            execution.Progress,
            null,
            completed ? JsonSerializer.SerializeToElement(new { external_id = externalId, job_id = request.JobId }) : null,
            execution.Error,
            completed && request.Payload?.Output is { } name ? [new(name, $"files/{Uri.EscapeDataString(externalId)}/{Uri.EscapeDataString(name)}")] : []);
    }

    /// <summary>The job of an external id; null: not known.</summary>
    public string? JobOf(string externalId) => _latest.GetValueOrDefault(externalId)?.Request.JobId;

    /// <summary>A file; null: there is none.</summary>
    public byte[]? FindFile(string externalId, string name) => _files.GetValueOrDefault($"{externalId}/{name}");

    /// <summary>Stops what waits or runs, and returns when it has; false: nothing is known of the id.</summary>
    public async Task<bool> CancelAsync(string externalId)
    {
        if (!_latest.TryGetValue(externalId, out var execution))
            return false;
        for (var each = execution; each is not null; each = each.Before)
        {
            if (!each.Live)
                continue;
            await each.Stop.CancelAsync();
            await each.Ended.Task;
        }

        return true;
    }

    public void Dispose()
    {
        _slots.Dispose();
        foreach (var execution in _latest.Values)
            execution.Dispose();
    }

    private async Task RunAsync(Execution execution)
    {
        var (request, payload) = (execution.Request, execution.Request.Payload ?? new());
        var holdsSlot = false;
        try
        {
            await _slots.WaitAsync(execution.Stop.Token);
            holdsSlot = true;
            var number = _started.AddOrUpdate(request.JobId, 1, (_, n) => n + 1);
            await _log.AppendAsync("START", request.Id, request.JobId);
            execution.State = "running";
            await _gates.Running.ComeAsync(request.Id, request.JobId).WaitAsync(execution.Stop.Token);
            await WorkAsync(execution, payload);
            if (payload.Failure is { } failure && number <= failure.Times)
            {
                execution.Error = new(failure.Type, failure.Message, failure.Status);
                await EndAsync(execution, "failed", "FAIL");
            }
            else
            {
                if (payload.Output is not null)
                    _files[FileKey(request)] = Encoding.UTF8.GetBytes($"{request.JobId} {request.Id}\n");
                await EndAsync(execution, "completed", "END");
            }
        }
        catch (OperationCanceledException)
        {
            await EndAsync(execution, "cancelled", "CANCEL");
        }
        finally
        {
            if (holdsSlot)
                _slots.Release();
            execution.Ended.TrySetResult();
        }
    }

    private static async Task WorkAsync(Execution execution, JobPayload payload)
    {
        var started = TimeProvider.System.GetTimestamp();
        var steps = Math.Max(1, payload.Steps);
        for (var step = 1; step <= steps; step++)
        {
            var wait = TimeSpan.FromMilliseconds((double)payload.DurationMs * step / steps) - TimeProvider.System.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, TimeProvider.System, execution.Stop.Token);
            execution.Progress = 100.0 * step / steps;
        }
    }

    private async Task EndAsync(Execution execution, string state, string what)
    {
        var request = execution.Request;
        _kept?.Write(execution, state, _files.GetValueOrDefault(FileKey(request)));
        await _log.AppendAsync(what, request.Id, request.JobId);
        execution.State = state;
    }

    private static string FileKey(JobRequest request) => $"{request.Id}/{request.Payload?.Output}";
}

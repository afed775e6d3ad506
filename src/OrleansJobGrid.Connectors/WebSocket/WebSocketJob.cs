using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Http;

namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>One job on a connection of its own: hears what is said of it.</summary>
/// <param name="instance">The instance, for messages.</param>
/// <param name="link">The connection, which goes with this.</param>
/// <param name="mark">The job.</param>
/// <param name="options">How its service speaks.</param>
/// <param name="time">The clock.</param>
internal sealed class WebSocketJob(string instance, WebSocketLink link, WorkMark mark, WebSocketServiceOptions options, TimeProvider time) : IAsyncDisposable
{
    private const int MostEarly = 100;
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private readonly List<byte[]> _binary = [];
    private readonly List<JToken> _early = [];
    private Task _listening = Task.CompletedTask;
    private TaskCompletionSource _news = New();
    private WebSocketWork? _work;
    private Exception? _fault;
    private string? _id = mark.ServiceId;
    private string? _strange;
    private long _binaryBytes;
    private int _said;

    /// <summary>Whether the job was sent on it: then what becomes of it is told here without being asked for.</summary>
    public bool Sent { get; private set; }

    /// <summary>The service's own id; null: it told none yet.</summary>
    public string? Id
    {
        get
        {
            lock (_lock)
                return _id;
        }
    }

    /// <summary>What was said of the job; null: nothing yet.</summary>
    public WebSocketWork? Work
    {
        get
        {
            lock (_lock)
                return _work is { IsLive: true } && _strange is not null ? _work with { Message = _strange } : _work;
        }
    }

    /// <summary>Whether nothing more is heard of a job that is not over.</summary>
    public bool IsLost
    {
        get
        {
            lock (_lock)
                return _fault is not null && _work is not { IsLive: false };
        }
    }

    /// <summary>Hears from here on.</summary>
    public void Listen() => _listening = Hear();

    /// <summary>Sends the job. A fault leaves it open whether it arrived.</summary>
    public async Task Submit(string message, CancellationToken cancellationToken)
    {
        Sent = true;
        await link.Send(message, cancellationToken);
        if (options.Types.Accepted.Count > 0)
        {
            await Next(0, cancellationToken);
            return;
        }

        lock (_lock)
            _work ??= new(SubmissionState.Queued);
    }

    /// <summary>Sends a question, and waits for what is said of the job next.</summary>
    public async Task<WebSocketWork> Ask(string message, CancellationToken cancellationToken)
    {
        int said;
        lock (_lock)
            said = _said;
        await link.Send(message, cancellationToken);
        return await Next(said, cancellationToken);
    }

    /// <summary>Sends what is not answered.</summary>
    public Task Say(string message, CancellationToken cancellationToken) => link.Send(message, cancellationToken);

    /// <summary>Waits until the job is over.</summary>
    public async Task Over(CancellationToken cancellationToken)
    {
        while (true)
        {
            int said;
            lock (_lock)
            {
                if (_work is { IsLive: false })
                    return;
                said = _said;
            }

            await Next(said, cancellationToken);
        }
    }

    /// <summary>Waits for something new, or for so long.</summary>
    public async Task News(TimeSpan longest, CancellationToken cancellationToken)
    {
        Task news;
        lock (_lock)
            news = _fault is null && _work is { IsLive: true } ? _news.Task : Task.CompletedTask;
        await Task.WhenAny(news, Task.Delay(longest, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        using (var limit = new CancellationTokenSource(Farewell, time))
            await link.Close(limit.Token);
        await _end.CancelAsync();
        await _listening;
        link.Dispose();
        _end.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is said after the first so many times. Throws where the connection is lost before.</summary>
    private async Task<WebSocketWork> Next(int said, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_work is not null && (_said > said || !_work.IsLive))
                    return _work;
                if (_fault is not null)
                    throw new IOException(_fault.Message, _fault);
                news = _news.Task;
            }

            await news.WaitAsync(cancellationToken);
        }
    }

    private async Task Hear()
    {
        try
        {
            while (Work is not { IsLive: false })
            {
                var (binary, content) = await link.Receive(_end.Token);
                if (binary)
                    TakeBinary(content);
                else if (Parsed(content) is { } message)
                    await Take(message);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // Nobody wants to know any more.
        }
        catch (WebSocketMessageTooLongException e)
        {
            // It would be as long the next time.
            Tell(new(SubmissionState.Failed) { Failure = new(Evidence(e.Message) with { KnownClass = FailureClass.Malformed, KnownReason = FailureReason.OutputLimit }) });
        }
        catch (Exception e)
        {
            // Of whatever kind: who waits has to hear that nothing more comes.
            lock (_lock)
            {
                _fault = e;
                Wake();
            }
        }
    }

    private JToken? Parsed(byte[] content)
    {
        try
        {
            return HttpTemplate.Parse(Encoding.UTF8.GetString(content));
        }
        catch (JsonException)
        {
            Strange($"'{instance}' sent a message that is no JSON.");
            return null;
        }
    }

    private void TakeBinary(byte[] content)
    {
        if (options.Binary == WebSocketBinary.Ignore)
            return;
        _binaryBytes += content.Length;
        if (_binaryBytes > (long)options.MaxMessageMb << 20)
            throw new WebSocketMessageTooLongException(instance, options.MaxMessageMb);
        _binary.Add(content);
    }

    private async Task Take(JToken message)
    {
        var type = HttpValues.Text(message, options.Type);
        switch (WebSocketTypes.Of(type, options.Types))
        {
            case null:
                Strange(type is null ? $"'{instance}' sent a message without a type at {options.Type}." : $"'{instance}' sent a message of type '{Short(type)}', which Types does not name.");
                return;
            case WebSocketKind.Ignored:
                return;
            case WebSocketKind.Ping:
                if (options.Pong is { } pong)
                    await link.Send(HttpTemplate.Body(pong, HttpValues.OfMessage(message, new(mark.ExternalId, Id))), _end.Token);
                return;
            case WebSocketKind.Accepted:
                TakeAccepted(message);
                return;
            case { } kind:
                TakeState(kind, message);
                return;
        }
    }

    private void TakeAccepted(JToken message)
    {
        var job = HttpValues.Text(message, options.Job);
        if (_id is null && options.Id is { } at)
        {
            var id = HttpValues.Text(message, at);
            // Its first words of the job bring the id that the others name it by.
            if (job is not null && job != mark.ExternalId && job != id)
                return;
            if (id is null)
                throw new InvalidDataException($"'{instance}' took the job without an id at {at}.");
            lock (_lock)
                _id = id;
        }
        else if (!IsOurs(job))
        {
            return;
        }

        Tell(new(SubmissionState.Queued) { Message = HttpValues.Text(message, options.Message) });
        foreach (var early in _early)
        {
            if (IsOurs(HttpValues.Text(early, options.Job)) && WebSocketTypes.Of(HttpValues.Text(early, options.Type), options.Types) is { } kind)
                Tell(WorkOf(kind, early));
        }

        _early.Clear();
    }

    private void TakeState(WebSocketKind kind, JToken message)
    {
        var job = HttpValues.Text(message, options.Job);
        if (IsOurs(job))
            Tell(WorkOf(kind, message));
        else if (_id is null && options.Id is not null && _early.Count < MostEarly)
            _early.Add(message);
    }

    private bool IsOurs(string? job) => job is null || job == mark.ExternalId || job == _id;

    private WebSocketWork WorkOf(WebSocketKind kind, JToken message)
    {
        var said = HttpValues.Text(message, options.Message);
        return kind switch
        {
            WebSocketKind.Progress => new(SubmissionState.Running) { Progress = HttpValues.Percent(message, options.Progress, options.ProgressIsShare), Message = said },
            WebSocketKind.Completed => new(SubmissionState.Completed, message) { Binary = [.. _binary] },
            WebSocketKind.Failed => new(SubmissionState.Failed) { Failure = HttpValues.Failure(message, options.Error, instance, "run") },
            WebSocketKind.Refused => new(SubmissionState.Failed) { Failure = new(HttpValues.Failure(message, options.Error, instance, "submit").Evidence with { HttpStatus = 422 }) },
            WebSocketKind.Cancelled => new(SubmissionState.Cancelled),
            _ => new(SubmissionState.Absent),
        };
    }

    /// <summary>The end is told once; progress that a message leaves out stays.</summary>
    private void Tell(WebSocketWork work)
    {
        lock (_lock)
        {
            if (_work is { IsLive: false })
                return;
            _work = work.IsLive ? work with { Progress = work.Progress ?? _work?.Progress } : work;
            _strange = null;
            _said++;
            Wake();
        }
    }

    private void Strange(string message)
    {
        lock (_lock)
        {
            _strange = message;
            Wake();
        }
    }

    private void Wake()
    {
        var news = _news;
        _news = New();
        news.SetResult();
    }

    private FailureEvidence Evidence(string message) => new() { Message = message, Stage = "run", Instance = instance };

    private static string Short(string text) => text.Length <= 64 ? text : text[..64];
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>One instance of a service that is described by its messages.</summary>
internal sealed class WebSocketInstance : IOutsideInstance<WebSocketWork>, IDisposable
{
    private readonly ConcurrentDictionary<string, WebSocketJob> _jobs = new(StringComparer.Ordinal);
    private readonly WebSocketServiceOptions _options;
    private readonly TimeProvider _time;
    private readonly Uri _address;
    private readonly HttpMessageInvoker _invoker;
    private readonly OutsideHttp _http;
    private readonly HttpFiles _files;

    public WebSocketInstance(string id, Uri address, WebSocketServiceOptions options, TimeProvider time)
    {
        (Id, _options, _time) = (id, options, time);
        _address = address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
        _invoker = new(new SocketsHttpHandler { SslOptions = HttpTls.Of(options.Tls) ?? new(), UseProxy = false, UseCookies = false, AllowAutoRedirect = false });
        var home = new UriBuilder(address) { Scheme = address.Scheme == "wss" ? "https" : "http" }.Uri;
        _http = new(id, home, options.RequestTimeout, time, options.Headers.Concat(HttpAuth.HeadersOf(options.Auth)), HttpTls.Of(options.Tls));
        _files = new(_http);
    }

    public string Id { get; }

    /// <summary>Such services do not tell.</summary>
    public Task<string?> Boot(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>What the settings say that such a service can do.</summary>
    public static ServiceCapabilities CapabilitiesOf(WebSocketServiceOptions options) =>
        (options.Query is null ? 0 : ServiceCapabilities.StatusQuery | ServiceCapabilities.Attach)
        | (options.Cancel is null ? 0 : ServiceCapabilities.Cancel)
        | (options.Progress is null ? 0 : ServiceCapabilities.Progress);

    public async Task<InstanceProof> Prove(CancellationToken cancellationToken)
    {
        using var link = await Within(token => Connect(_options.QuestionPath ?? _options.Path, "", token), cancellationToken);
        await link.Close(cancellationToken);
        return new(CapabilitiesOf(_options), Proved: true);
    }

    public Task<Func<string, CancellationToken, Task<string?>>> Prepare(IJobContext job, CancellationToken cancellationToken)
    {
        // What the payload lacks is found before anything is on record.
        HttpTemplate.Body(_options.Submit, HttpValues.Of(job, ""));
        return Task.FromResult<Func<string, CancellationToken, Task<string?>>>((mark, token) => Post(job, mark, token));
    }

    public async Task<OutsideStates<WebSocketWork>> Query(IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, WebSocketWork>(StringComparer.Ordinal);
        foreach (var mark in marks)
        {
            if (await Ask(mark, cancellationToken) is { State: not SubmissionState.Absent } work)
                found.Add(mark.ExternalId, work);
        }

        return new(null, found);
    }

    public async Task Pause(IJobContext job, WorkMark mark, CancellationToken cancellationToken)
    {
        var own = OwnOf(mark);
        if (own is { Sent: true })
        {
            await own.News(_options.PollInterval, cancellationToken);
            return;
        }

        // The next question goes out on a connection that stays, so that what is told without being asked for is heard too.
        if (own is null && CanAsk(mark))
        {
            try
            {
                _jobs[mark.ExternalId] = await Within(token => Open(QuestionPath, mark, token), cancellationToken);
            }
            catch (Exception e) when (OutsideFaults.IsFault(e))
            {
                // The next question meets the same, and says it.
            }
        }

        await Task.Delay(_options.PollInterval, _time, cancellationToken);
    }

    public async Task Cancel(WorkMark mark, CancellationToken cancellationToken)
    {
        if (_options.Cancel is not { } cancel || !Knows(cancel, mark))
            return;
        if (OwnOf(mark) is { Sent: true } own)
        {
            try
            {
                await Stop(own, cancel, mark, cancellationToken);
                return;
            }
            catch (Exception e) when (OutsideFaults.IsFault(e) && CanAsk(mark))
            {
                // It may have ended with the connection; whoever is asked says.
            }
        }

        await using var other = await Within(token => Open(QuestionPath, mark, token), cancellationToken);
        await Stop(other, cancel, mark, cancellationToken);
    }

    public async Task<ConnectorResult> Fetch(IJobContext job, WorkMark mark, WebSocketWork completed, CancellationToken cancellationToken)
    {
        if (_options.Binary == WebSocketBinary.Output && completed.Binary.Count == 0)
        {
            return ConnectorResult.Failed(
                FailureClass.Transient, FailureReason.MissingOutput, $"'{Id}' says that the job is done, and sent no binary message before on that connection.");
        }

        var result = await new HttpResult(Id, _files, job, _options.Files, _options.Result, _options.Outage, _time).Of(completed.Answer!, cancellationToken);
        if (result is not CompletedResult done)
            return result;
        var outputs = done.Outputs.ToList();
        foreach (var content in completed.Binary)
        {
            using var bytes = new MemoryStream(content, writable: false);
            var number = (outputs.Count - done.Outputs.Count + 1).ToString(CultureInfo.InvariantCulture);
            outputs.Add(await job.Files.WriteOutputAsync(_options.BinaryName.Replace("{n}", number, StringComparison.Ordinal), bytes, cancellationToken));
        }

        return done with { Outputs = outputs };
    }

    public Task<FailedResult> AfterFailure(FailedResult failure, CancellationToken cancellationToken) => Task.FromResult(failure);

    public void Leave(string externalId)
    {
        if (_jobs.TryRemove(externalId, out var own))
            _ = own.DisposeAsync().AsTask();
    }

    public void Dispose()
    {
        foreach (var mark in _jobs.Keys)
            Leave(mark);
        _http.Dispose();
        _files.Dispose();
        _invoker.Dispose();
    }

    private string QuestionPath => _options.QuestionPath ?? _options.Path;

    /// <returns>The service's id of the work, where it told one.</returns>
    private async Task<string?> Post(IJobContext job, string mark, CancellationToken cancellationToken)
    {
        WebSocketJob own;
        try
        {
            own = await Within(token => Open(_options.Path, mark, token), cancellationToken);
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            // Nothing of the job was sent.
            throw new OutsideRefusedException(new(NotConnected(e)));
        }

        _jobs[mark] = own;
        try
        {
            await own.Submit(HttpTemplate.Body(_options.Submit, HttpValues.Of(job, mark)), cancellationToken);
        }
        catch (IOException e) when (e.InnerException is WebSocketClosedException closed && NotTaken(closed) is { } refused)
        {
            throw new OutsideRefusedException(new(refused));
        }
        catch
        {
            Leave(mark);
            throw;
        }

        if (own.Work is { State: SubmissionState.Failed, Failure: { } failure })
            throw new OutsideRefusedException(failure);
        return own.Id;
    }

    private async Task<WebSocketWork?> Ask(WorkMark mark, CancellationToken cancellationToken)
    {
        if (OwnOf(mark) is { Sent: true, Work: { } told })
            return told;
        if (!CanAsk(mark))
            return _options.SafeToRepeat ? null : new(SubmissionState.Untellable);
        var question = HttpTemplate.Body(_options.Query!, HttpValues.OfMark(mark));
        if (OwnOf(mark) is { } own)
            return await Within(token => own.Ask(question, token), cancellationToken);
        return await Within(
            async token =>
            {
                await using var other = await Open(QuestionPath, mark, token);
                return await other.Ask(question, token);
            },
            cancellationToken);
    }

    /// <summary>Says stop, and waits until the job is over.</summary>
    private async Task Stop(WebSocketJob on, string cancel, WorkMark mark, CancellationToken cancellationToken)
    {
        if (on.Work is { IsLive: false })
            return;
        await on.Say(HttpTemplate.Body(cancel, HttpValues.OfMark(mark)), cancellationToken);
        if (on.Sent || !CanAsk(mark))
        {
            await Within(
                async token =>
                {
                    await on.Over(token);
                    return true;
                },
                cancellationToken);
            return;
        }

        var question = HttpTemplate.Body(_options.Query!, HttpValues.OfMark(mark));
        while ((await Within(token => on.Ask(question, token), cancellationToken)).IsLive)
            await on.News(_options.PollInterval, cancellationToken);
    }

    private bool CanAsk(WorkMark mark) => _options.Query is { } query && Knows(query, mark);

    /// <summary>Whether what is to be said can be: the service's id is known where it is named.</summary>
    private bool Knows(string message, WorkMark mark) =>
        mark.ServiceId is not null || !(HttpTemplate.Names(message, "id") || HttpTemplate.Names(QuestionPath, "id"));

    /// <summary>The connection of a job, where it is not lost.</summary>
    private WebSocketJob? OwnOf(WorkMark mark)
    {
        if (!_jobs.TryGetValue(mark.ExternalId, out var own))
            return null;
        if (!own.IsLost)
            return own;
        Leave(mark.ExternalId);
        return null;
    }

    private async Task<WebSocketJob> Open(string path, WorkMark mark, CancellationToken cancellationToken)
    {
        var job = new WebSocketJob(Id, await Connect(path, mark, cancellationToken), mark, _options, _time);
        job.Listen();
        return job;
    }

    /// <summary>A connection that is ready.</summary>
    private async Task<WebSocketLink> Connect(string path, WorkMark mark, CancellationToken cancellationToken)
    {
        var at = HttpAuth.PathWith(_options.Auth, HttpTemplate.Path(path, HttpValues.OfMark(mark)));
        var address = at.Length == 0 ? new Uri(_address.AbsoluteUri.TrimEnd('/')) : new Uri(_address, at);
        var link = await WebSocketLink.Open(Id, address, _options, _invoker, cancellationToken);
        try
        {
            if (_options.Handshake.Message is { } message)
                await link.Send(HttpTemplate.Body(message, HttpValues.OfSecret(_options.Handshake.Secret)), cancellationToken);
            while (_options.Handshake.Ready is { } ready && !IsReady(ready, await Heard(link, cancellationToken)))
            {
            }

            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    private bool IsReady(string ready, JToken message)
    {
        if (HttpValues.Text(message, ready) is { } said && (_options.Handshake.Value is not { } value || said == value))
            return true;
        if (WebSocketTypes.Of(HttpValues.Text(message, _options.Type), _options.Types) == WebSocketKind.Failed)
            throw new WebSocketHandshakeException(HttpValues.Failure(message, _options.Error, Id, "handshake"));
        return false;
    }

    private async Task<JToken> Heard(WebSocketLink link, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (binary, content) = await link.Receive(cancellationToken);
            try
            {
                if (!binary)
                    return HttpTemplate.Parse(Encoding.UTF8.GetString(content));
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"'{Id}' said something that is no JSON where it was to say that it is ready.", e);
            }
        }
    }

    /// <summary>Waits for as long as an answer may take.</summary>
    private Task<T> Within<T>(Func<CancellationToken, Task<T>> act, CancellationToken cancellationToken) => _http.Within(act, cancellationToken);

    private FailureEvidence NotConnected(Exception fault) => fault switch
    {
        WebSocketHandshakeException said => said.Failure.Evidence,
        WebSocketRefusedException { StatusCode: { } status } refused when (int)status >= 400 =>
            FailureEvidence.OfHttp((int)status, "", refused.RetryAfter, _time.GetUtcNow(), "submit") with { Message = refused.Message, Instance = Id },
        WebSocketRefusedException refused => new()
        {
            Message = refused.Message,
            HttpStatus = (int?)refused.StatusCode,
            KnownClass = FailureClass.Transient,
            KnownReason = FailureReason.UnexpectedResponse,
            Stage = "submit",
            Instance = Id,
        },
        WebSocketClosedException closed when NotTaken(closed) is { } refused => refused,
        _ => FailureEvidence.Of(fault, "submit") with { Instance = Id, KnownClass = FailureClass.Transient },
    };

    /// <summary>What a close says of a job that was not taken before; null: it leaves that open.</summary>
    private FailureEvidence? NotTaken(WebSocketClosedException closed)
    {
        (FailureClass, string)? meaning = closed.Code switch
        {
            WebSocketCloseStatus.PolicyViolation => (FailureClass.Unauthorized, FailureReason.PermissionDenied),
            WebSocketCloseStatus.MessageTooBig => (FailureClass.Malformed, FailureReason.PayloadTooLarge),
            WebSocketCloseStatus.InvalidMessageType or WebSocketCloseStatus.InvalidPayloadData => (FailureClass.Malformed, FailureReason.InvalidPayload),
            (WebSocketCloseStatus)1013 => (FailureClass.Transient, FailureReason.ServiceOverloaded),
            _ => null,
        };
        return meaning is not var (known, reason)
            ? null
            : new() { Message = closed.Message, KnownClass = known, KnownReason = reason, Stage = "submit", Instance = Id };
    }
}

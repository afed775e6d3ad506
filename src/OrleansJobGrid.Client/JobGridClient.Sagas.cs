using System.Net.Http.Headers;
using System.Text.Json;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>Begins a saga. When this returns, it is stored.</summary>
    /// <param name="request">JSON: <c>{definition, input}</c> or <c>{saga, version, input}</c>, with <c>id</c> and <c>customer_id</c> where wanted.</param>
    /// <param name="idempotencyKey">The same key with the same request gives the same saga. Null: a random key made here.</param>
    /// <param name="cancellationToken">Ends the call; whether the saga is stored is then unknown.</param>
    /// <exception cref="JobGridException">Status 400: the definition is wrong, each fault with line and column; 404: there is no such definition.</exception>
    public async Task<SagaAnswer> SubmitSagaAsync(ReadOnlyMemory<byte> request, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        var (body, key) = (request.ToArray(), idempotencyKey ?? Guid.NewGuid().ToString());
        using var response = await _transport.SendAsync(() => Post("api/sagas", Json(body), key), cancellationToken);
        return await _transport.ReadAsync(response, JobGridJson.Default.SagaAnswer, cancellationToken);
    }

    /// <summary>The saga.</summary>
    /// <exception cref="JobGridException">Status 404: there is no such saga.</exception>
    public async Task<Saga> GetSagaAsync(string sagaId, CancellationToken cancellationToken = default) =>
        (await _transport.GetAsync($"api/sagas/{Segment(sagaId, nameof(sagaId))}", EnvelopeJson.Default.SagaEnvelope, cancellationToken)).Saga;

    /// <summary>A page of sagas, newest first.</summary>
    /// <param name="status">Only these; null: all.</param>
    /// <param name="name">Only those of this definition; null: all.</param>
    /// <param name="limit">1 to 500.</param>
    /// <param name="cursor">Of the page before; null: the first.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<SagaPage> ListSagasAsync(string? status = null, string? name = null, int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        var query = Query.Of(("status", status), ("name", name), ("limit", limit.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("cursor", cursor));
        return _transport.GetAsync("api/sagas" + query, JobGridJson.Default.SagaPage, cancellationToken);
    }

    /// <summary>The saga's events, oldest first.</summary>
    public async Task<IReadOnlyList<SagaEvent>> GetSagaEventsAsync(string sagaId, CancellationToken cancellationToken = default) =>
        (await _transport.GetAsync($"api/sagas/{Segment(sagaId, nameof(sagaId))}/events", EnvelopeJson.Default.SagaEventsEnvelope, cancellationToken)).Events;

    /// <summary>Follows a saga: its state at once, then at each change; the enumeration ends when it is over. A connection that breaks is opened again.</summary>
    /// <exception cref="GridUnreachableException">It could not be opened again within <see cref="JobGridClientOptions.Retries"/> tries.</exception>
    /// <exception cref="JobGridException">Status 404: there is no such saga.</exception>
    public IAsyncEnumerable<Saga> WatchSagaAsync(string sagaId, CancellationToken cancellationToken = default) => FollowAsync(
        $"api/sagas/{Segment(sagaId, nameof(sagaId))}/stream", $"saga {sagaId}",
        // The end says once more what the last state said.
        (type, data) => type == "state" ? JsonSerializer.Deserialize(data, EnvelopeJson.Default.SagaEnvelope)!.Saga : null,
        saga => SagaStatus.IsOver(saga.Status), cancellationToken);

    /// <summary>Asks for a saga's end.</summary>
    /// <param name="sagaId">The saga.</param>
    /// <param name="undo">Whether what it did is undone.</param>
    /// <param name="reason">Why, 1 to 500 characters.</param>
    /// <param name="cancellationToken">Ends the call; whether the saga was asked is then unknown.</param>
    /// <exception cref="JobGridException">Status 404: no such saga; 409: its state does not allow it.</exception>
    public Task<SagaAnswer> CancelSagaAsync(string sagaId, bool undo = true, string? reason = null, CancellationToken cancellationToken = default) =>
        SagaControlAsync(sagaId, "cancel", JsonSerializer.SerializeToUtf8Bytes(new SagaCancelBody(undo ? "yes" : "no", reason), EnvelopeJson.Default.SagaCancelBody), cancellationToken);

    /// <summary>Starts nothing more until it is resumed; what runs goes on.</summary>
    public Task<SagaAnswer> PauseSagaAsync(string sagaId, string? reason = null, CancellationToken cancellationToken = default) => SagaStepAsync(sagaId, "pause", null, reason, cancellationToken);

    /// <summary>Goes on with a paused saga.</summary>
    public Task<SagaAnswer> ResumeSagaAsync(string sagaId, string? reason = null, CancellationToken cancellationToken = default) => SagaStepAsync(sagaId, "resume", null, reason, cancellationToken);

    /// <summary>Does failed steps anew, and only those; of a saga that is parked in its undoing, the undoing that failed.</summary>
    public Task<SagaAnswer> RetrySagaAsync(string sagaId, string? step = null, string? reason = null, CancellationToken cancellationToken = default) =>
        SagaStepAsync(sagaId, "retry", step, reason, cancellationToken);

    /// <summary>Goes on without an undoing that failed.</summary>
    public Task<SagaAnswer> SkipUndoAsync(string sagaId, string step, string? reason = null, CancellationToken cancellationToken = default) =>
        SagaStepAsync(sagaId, "skip-undo", step, reason, cancellationToken);

    /// <summary>Sends a signal; the payload is the output of the steps that wait for it.</summary>
    public Task<SagaAnswer> SignalSagaAsync(string sagaId, string name, JsonElement? payload = null, CancellationToken cancellationToken = default) =>
        SagaControlAsync(sagaId, $"signals/{Segment(name, nameof(name))}", payload is { } json ? JsonSerializer.SerializeToUtf8Bytes(json, JobGridJson.Default.JsonElement) : null, cancellationToken);

    /// <summary>Registers a definition under the next version of its name; the newest one again is no new version.</summary>
    /// <param name="definition">JSON or YAML.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<SagaDefinitionInfo> RegisterSagaAsync(ReadOnlyMemory<byte> definition, CancellationToken cancellationToken = default)
    {
        var body = definition.ToArray();
        using var response = await _transport.SendAsync(
            () =>
            {
                var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/yaml");
                return new HttpRequestMessage(HttpMethod.Post, "api/saga-definitions") { Content = content };
            },
            cancellationToken);
        return await _transport.ReadAsync(response, JobGridJson.Default.SagaDefinitionInfo, cancellationToken);
    }

    /// <summary>All registered definitions, each with its newest version.</summary>
    public Task<SagaDefinitionList> ListSagaDefinitionsAsync(CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/saga-definitions", JobGridJson.Default.SagaDefinitionList, cancellationToken);

    private Task<SagaAnswer> SagaStepAsync(string sagaId, string verb, string? step, string? reason, CancellationToken cancellationToken) =>
        SagaControlAsync(sagaId, verb, JsonSerializer.SerializeToUtf8Bytes(new SagaStepBody(step, reason), EnvelopeJson.Default.SagaStepBody), cancellationToken);

    private Task<SagaAnswer> SagaControlAsync(string sagaId, string verb, byte[]? body, CancellationToken cancellationToken) =>
        OperateAsync(HttpMethod.Post, $"api/sagas/{Segment(sagaId, nameof(sagaId))}/{verb}", body, JobGridJson.Default.SagaAnswer, cancellationToken);
}

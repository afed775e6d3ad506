using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Grains.Outbound;

namespace OrleansJobGrid.Grains.Reconciliation;

/// <summary>A source of the settings; see <see cref="StateSourceOptions.Url"/> for what it must answer.</summary>
internal sealed class HttpStateSource(string name, StateSourceOptions options, HttpClient http, TimeProvider time) : IStateSource
{
    public string Name => name;

    public int Rank => options.Rank;

    public bool ExpectsAll => options.ExpectsAll;

    public string WordFor(string gridState) => options.States.GetValueOrDefault(gridState, gridState);

    public Task<StatePage> ReadAsync(string? cursor, int limit, CancellationToken cancellationToken)
    {
        var query = $"limit={limit.ToString(CultureInfo.InvariantCulture)}" + (cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}");
        var url = options.Url + (options.Url.Contains('?', StringComparison.Ordinal) ? "&" : "?") + query;
        return Ask(new(HttpMethod.Get, url), async (answer, token) =>
        {
            var page = await answer.Content.ReadFromJsonAsync(StateSourceJson.Default.StatePageDocument, token) ?? throw new JsonException("it is empty");
            if (page.Entries is null)
                throw new JsonException("it has no entries");
            return new StatePage([.. page.Entries.Select(e => new StateEntry(
                e.Id ?? throw new JsonException("an entry has no id"), e.State ?? throw new JsonException($"the entry '{e.Id}' has no state"), e.UpdatedAt.ToUnixTimeMilliseconds()))], page.NextCursor);
        }, cancellationToken);
    }

    public Task RepairAsync(StateEntry entry, CancellationToken cancellationToken)
    {
        var parts = options.Url.Split('?', 2);
        var url = $"{parts[0].TrimEnd('/')}/{Uri.EscapeDataString(entry.Id)}" + (parts.Length > 1 ? "?" + parts[1] : "");
        var body = new StateEntryDocument(entry.Id, entry.State, DateTimeOffset.FromUnixTimeMilliseconds(entry.UpdatedAt));
        return Ask(new(HttpMethod.Put, url) { Content = JsonContent.Create(body, StateSourceJson.Default.StateEntryDocument) }, (_, _) => Task.FromResult(true), cancellationToken);
    }

    private async Task<T> Ask<T>(HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var message = request;
        using var limit = new CancellationTokenSource(options.CallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var shown = $"{request.Method} {AllowedAddress.Shown(request.RequestUri!)}";
        try
        {
            foreach (var (header, value) in options.Headers)
                message.Headers.TryAddWithoutValidation(header, value);
            using var answer = await http.SendAsync(message, either.Token);
            return answer.IsSuccessStatusCode ? await read(answer, either.Token) : throw new StateSourceException($"{shown} answered {(int)answer.StatusCode}.");
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StateSourceException($"{shown} was not answered within {options.CallTimeout}.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or NotSupportedException)
        {
            throw new StateSourceException($"{shown}: {e.Message}", e);
        }
    }
}

internal sealed record StatePageDocument(IReadOnlyList<StateEntryDocument>? Entries, string? NextCursor);

internal sealed record StateEntryDocument(string? Id, string? State, DateTimeOffset UpdatedAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatePageDocument))]
[JsonSerializable(typeof(StateEntryDocument))]
[JsonSerializable(typeof(StateReport))]
internal sealed partial class StateSourceJson : JsonSerializerContext;
